"""What the samples pin. It decides nothing; examples/code-review has a Skill that does something."""

print("hello from the cell")
