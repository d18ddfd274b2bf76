"""What the samples' manifest pins. The samples are read and checked, and never call it."""

print("{}")
