/* probes.h - the table of probes: which way out, what must stop it, what counts as contained.
 *
 * X(ident, technique or CVE, guard that must stop it, guards of GUARDS_ASK that are tried off too,
 *   contained when). The function is probe_<ident>, in the file of its theme. */
#ifndef TESTS_ESCAPE_PROBES_H
#define TESTS_ESCAPE_PROBES_H

/* descriptors.c */
#define PROBES_DESCRIPTORS(X)                                                                    \
	X(leaked_descriptor, "CVE-2024-21626: descriptors left open over exec", CLOSED_FDS, 0,   \
	    "only 0 to 3 are open")                                                              \
	X(descriptor_dotdot, "CVE-2024-21626: openat(fd, \"..\") from a leaked directory",       \
	    CLOSED_FDS, 0, "no directory of the host is reached")                                \
	X(working_directory, "CVE-2024-21626: a working directory outside the root", ROOT,       \
	    GUARD_BIT(ROOT), "/ and /.. are one and hold no directory of the host")              \
	X(forged_report, "a report of praxa-init forged on its own socket", CLOSED_FDS, 0,       \
	    "no descriptor takes a packet")                                                      \
	X(init_descriptors, "/proc/PID/fd of process 1", DUMPABLE, 0, "cannot be listed")        \
	X(init_pidfd_getfd, "pidfd_getfd on process 1", SECCOMP, 0, "killed or refused")         \
	X(descriptor_out, "SCM_RIGHTS out of the cell, over the door", SECCOMP, 0,               \
	    "nothing is sent")                                                                   \
	X(descriptor_in, "SCM_RIGHTS into the cell, over the door", SECCOMP, 0,                  \
	    "nothing is received")                                                               \
	X(peer_pidfd, "SO_PEERPIDFD on the door: a handle on the supervisor", SECCOMP, 0,        \
	    "no descriptor is given")                                                            \
	X(socket_filter, "SO_ATTACH_FILTER on the door: BPF without bpf(2)", SECCOMP, 0,         \
	    "refused")                                                                           \
	X(peer_identity, "SO_PEERCRED, SO_PEERSEC and SO_PEERGROUPS on the door", SECCOMP, 0,    \
	    "nothing is told")                                                                   \
	X(terminal_reopened, "/proc/self/fd/0: the caller's terminal, opened again for writing", \
	    LANDLOCK, 0, "not opened")                                                           \
	X(door_oob, "CVE-2025-38236: out-of-band data on the door", SECCOMP, 0, "refused")       \
	X(door_signal, "F_SETOWN and F_SETSIG on the door: a signal by the kernel's hand",       \
	    SECCOMP, 0, "refused")

/* files.c */
#define PROBES_FILES(X)                                                                            \
	X(init_overwrite, "CVE-2019-5736: the running praxa-init through /proc/PID/exe", SEALED,   \
	    0, "not opened, or sealed")                                                            \
	X(host_file, "a world-readable file of the host", ROOT, GUARD_BIT(ROOT), "not there")      \
	X(host_shadow, "/etc/shadow, /root and their like", ROOT, GUARD_BIT(ROOT), "not there")    \
	X(symlink_out, "links through .. and /proc/self/root to a host file", ROOT,                \
	    GUARD_BIT(ROOT), "leads nowhere")                                                      \
	X(chroot_break, "the classic chroot(2) break with a nested chroot", SECCOMP, 0,            \
	    "chroot refused")                                                                      \
	X(file_handle, "open_by_handle_at (\"Shocker\")", SECCOMP, 0, "killed or refused")         \
	X(setuid_file, "a set-uid root file on a mount", NO_NEW_PRIVS, 0, "no id is gained")       \
	X(file_capability, "a file with cap_sys_admin on a mount", NO_NEW_PRIVS, 0,                \
	    "no capability is gained")                                                             \
	X(device_made, "mknod of a block device", SECCOMP, 0, "refused")                           \
	X(device_opened, "a device node on a mount", MOUNT_FLAGS, 0, "cannot be opened")           \
	X(device_of_host, "/dev/mem, /dev/kmsg, /dev/fuse and their like", ROOT, GUARD_BIT(ROOT),  \
	    "not there")                                                                           \
	X(write_mount, "a world-writable directory that is mounted", READ_ONLY, 0, "EROFS")        \
	X(write_system, "its own /etc/passwd made writable and written", READ_ONLY, 0, "EROFS")    \
	X(write_bundle, "the Skill's own bundle made writable and written", READ_ONLY, 0, "EROFS") \
	X(run_written, "a program written to /tmp and executed", MOUNT_FLAGS, 0, "EACCES")         \
	X(map_written, "code written to /tmp and mapped executable", MOUNT_FLAGS, 0, "EPERM")      \
	X(run_memory, "memfd_create and execve of it", SECCOMP, 0, "no memory file")               \
	X(dirty_pipe, "CVE-2022-0847: splice, then write into the page cache", SECCOMP, 0,         \
	    "refused, or unchanged")                                                               \
	X(replaced_device, "CVE-2025-31133: a device that is not what it should be", ROOT, 0,      \
	    "all have their numbers and are no links")                                             \
	X(console, "CVE-2025-52565: /dev/console, /dev/pts, /dev/ptmx", ROOT, GUARD_BIT(ROOT),     \
	    "not there")                                                                           \
	X(proc_redirected, "CVE-2025-52881: /proc/self/attr on another file system", PROC, 0,      \
	    "/proc is procfs and /proc/self/attr cannot be written")                               \
	X(run_by_loader, "a program written to /tmp and run by the dynamic loader", MOUNT_FLAGS,   \
	    0, "not mapped")                                                                       \
	X(directory_watched, "F_NOTIFY (dnotify): who opens files of the host's /usr", SECCOMP, 0, \
	    "refused")                                                                             \
	X(file_leased, "F_SETLEASE: a writer of the host waits until the lease is broken",         \
	    SECCOMP, 0, "refused")

/* mounts.c */
#define PROBES_MOUNTS(X)                                                                  \
	X(remount, "mount_setattr: read-only taken off again", SECCOMP, 0, "refused")     \
	X(unmount, "umount2, to reveal what is below", SECCOMP, 0, "refused")             \
	X(mount_over, "mount(2) of a tmpfs over /tmp", SECCOMP, 0, "refused")             \
	X(mount_new, "CVE-2022-0185: fsopen and fsconfig", SECCOMP, 0, "refused")         \
	X(mount_copy, "open_tree(OPEN_TREE_CLONE) and move_mount", SECCOMP, 0, "refused") \
	X(mount_list, "statmount and listmount", SECCOMP, 0, "refused")                   \
	X(mount_userns, "mounts in a nested user namespace", SECCOMP, 0, "no namespace")  \
	X(pivot_again, "pivot_root", SECCOMP, 0, "refused")                               \
	X(release_agent, "CVE-2022-0492: release_agent of cgroup v1", SECCOMP, 0,         \
	    "no cgroup file system can be mounted")

/* namespaces.c */
#define PROBES_NAMESPACES(X)                                                                      \
	X(nested_unshare, "unshare(CLONE_NEWUSER)", SECCOMP, 0, "refused")                        \
	X(nested_clone, "clone(CLONE_NEWUSER)", SECCOMP, 0, "refused")                            \
	X(nested_clone3, "clone3: flags behind a pointer", SECCOMP, 0, "ENOSYS")                  \
	X(new_mounts, "unshare(CLONE_NEWNS)", SECCOMP, 0, "refused")                              \
	X(new_network, "unshare(CLONE_NEWNET), for CVE-2024-1086 and its like", SECCOMP, 0,       \
	    "refused")                                                                            \
	X(enter_namespace, "setns to a namespace of process 1", SECCOMP, 0, "refused")            \
	X(host_name, "the host's name", UTS_NS, 0, "its own name")                                \
	X(set_host_name, "sethostname", SECCOMP, 0, "refused")                                    \
	X(uptime, "the host's uptime by clock_gettime", TIME_NS, 0, "a clock that began with it") \
	X(cgroup_path, "the host's paths in /proc/self/cgroup", CGROUP_NS, 0,                     \
	    "a namespace of its own")                                                             \
	X(process_list, "the host's processes in /proc", ROOT, GUARD_BIT(ROOT), "its own only")

/* syscalls.c */
#define PROBES_SYSCALLS(X)                                                                    \
	X(io_uring, "io_uring_setup: calls that no filter sees", SECCOMP, 0, "ENOSYS")        \
	X(userfaultfd, "userfaultfd, to win kernel races", SECCOMP, 0, "killed or refused")   \
	X(bpf, "bpf(BPF_MAP_CREATE)", SECCOMP, 0, "killed or refused")                        \
	X(perf, "perf_event_open", SECCOMP, 0, "killed or refused")                           \
	X(own_notifier, "seccomp(SECCOMP_FILTER_FLAG_NEW_LISTENER)", SECCOMP, 0, "refused")   \
	X(x32_call, "x32 system call numbers", SECCOMP, 0, "killed")                          \
	X(i386_call, "int $0x80", SECCOMP, 0, "killed")                                       \
	X(i386_socketcall, "socketcall by int $0x80", SECCOMP, 0, "killed")                   \
	X(personality, "personality(ADDR_NO_RANDOMIZE)", SECCOMP, 0, "refused")               \
	X(kexec, "kexec_load", SECCOMP, 0, "killed or refused")                               \
	X(module, "init_module and finit_module", SECCOMP, 0, "killed or refused")            \
	X(clock_set, "clock_settime", SECCOMP, 0, "refused")                                  \
	X(kernel_log, "syslog: the kernel's messages", SECCOMP, 0, "refused")                 \
	X(io_ports, "iopl and ioperm", SECCOMP, 0, "killed or refused")                       \
	X(kcmp, "kcmp: the order of kernel pointers", SECCOMP, 0, "killed or refused")        \
	X(secret_memory, "memfd_secret", SECCOMP, 0, "ENOSYS")                                \
	X(segments, "modify_ldt: segments of its own", SECCOMP, 0, "ENOSYS")                  \
	X(address_layout, "prctl(PR_SET_MM)", SECCOMP, 0, "refused")                          \
	X(undumpable, "prctl(PR_SET_DUMPABLE, 0), to blind a watcher", SECCOMP, 0, "refused") \
	X(watch_all, "fanotify_init", SECCOMP, 0, "refused")                                  \
	X(unknown_call, "calls newer than the profile: open_tree_attr", SECCOMP, 0, "ENOSYS") \
	X(denied_flood, "2,000 refused calls, to stall who watches", KERNEL, 0,               \
	    "all refused within 10 s")

/* sockets.c */
#define PROBES_SOCKETS(X)                                                                    \
	X(every_family, "socket() of every family and type", SECCOMP, 0, "none is made")     \
	X(alg_socket, "CVE-2026-31431: AF_ALG", SECCOMP, 0, "refused")                       \
	X(vsock, "AF_VSOCK: the hypervisor, past network namespaces", SECCOMP, 0, "refused") \
	X(packet_socket, "CVE-2020-14386: AF_PACKET", SECCOMP, 0, "refused")                 \
	X(netfilter, "CVE-2024-1086: NETLINK_NETFILTER", SECCOMP, 0, "refused")              \
	X(route_socket, "NETLINK_ROUTE", SECCOMP, 0, "refused")                              \
	X(tcp_host, "TCP to a port of the host", SECCOMP, 0, "not connected")                \
	X(mptcp_host, "MPTCP, which Landlock's TCP rules do not know", SECCOMP, 0,           \
	    "not connected")                                                                 \
	X(udp_host, "UDP to a port of the host", SECCOMP, 0, "nothing arrives")              \
	X(abstract_socket, "an abstract socket of the host", SECCOMP, 0, "not connected")    \
	X(path_socket, "a socket file on a read-only mount", SECCOMP, 0, "not connected")    \
	X(named_datagram, "sendto with an address on a socketpair", SECCOMP, 0, "nothing arrives")

/* ipc.c */
#define PROBES_IPC(X)                                                                          \
	X(sysv_memory, "SysV shared memory of the host", SECCOMP, 0, "not attached")           \
	X(sysv_queue, "a SysV message queue of the host", SECCOMP, 0, "not read")              \
	X(sysv_semaphore, "a SysV semaphore of the host", SECCOMP, 0, "not found")             \
	X(posix_memory, "POSIX shared memory of the host", ROOT, GUARD_BIT(ROOT), "not there") \
	X(posix_queue, "a POSIX message queue of the host", SECCOMP, 0, "not opened")          \
	X(session_key, "a key of the caller's session keyring", SECCOMP, 0, "not read")        \
	X(add_key, "add_key: kernel memory of its own", SECCOMP, 0, "refused")                 \
	X(request_key, "request_key: a root helper started by the kernel", SECCOMP, 0, "refused")

/* signals.c */
#define PROBES_SIGNALS(X)                                                                       \
	X(trace_init, "ptrace of process 1", SECCOMP, 0, "killed or refused")                   \
	X(read_init, "process_vm_readv of process 1", SECCOMP, 0, "killed or refused")          \
	X(init_memory, "/proc/PID/mem of process 1", DUMPABLE, 0, "not opened")                 \
	X(init_environment, "/proc/PID/environ, maps and auxv of process 1", DUMPABLE, 0,       \
	    "not opened")                                                                       \
	X(init_root, "/proc/PID/root and cwd of process 1", DUMPABLE, 0, "not followed")        \
	X(kill_all, "kill(-1)", PID_NS, GUARD_BIT(PID_NS), "nobody can be signalled")           \
	X(signal_host, "a signal to a host process of its own user", PID_NS, GUARD_BIT(PID_NS), \
	    "no such process")                                                                  \
	X(pidfd_signal, "pidfd_open and pidfd_send_signal to process 1", SECCOMP, 0, "refused") \
	X(foreign_group, "the caller's session and process group", SESSION, 0, "its own")

/* tty.c */
#define PROBES_TTY(X)                                                                           \
	X(tty_type, "CVE-2017-5226: TIOCSTI", SECCOMP, 0, "refused")                            \
	X(tty_type_high, "CVE-2019-10063: TIOCSTI with a 33rd bit", SECCOMP, 0, "refused")      \
	X(tty_paste, "CVE-2023-28100: TIOCLINUX", SECCOMP, 0, "refused")                        \
	X(tty_steal, "TIOCSCTTY: the caller's terminal as its own", SECCOMP, 0, "refused")      \
	X(tty_discipline, "TIOCSETD: line disciplines, as in CVE-2017-2636", SECCOMP, 0,        \
	    "refused")                                                                          \
	X(tty_peer, "TIOCGPTPEER and TIOCGPTN on the caller's terminal", SECCOMP, 0, "refused") \
	X(tty_open, "/dev/tty", ROOT, GUARD_BIT(ROOT), "not opened")

/* proc.c */
#define PROBES_PROC(X)                                                                             \
	X(core_pattern, "core_pattern, modprobe, sysrq: a helper run by the host's root", PROC, 0, \
	    "not opened for writing")                                                              \
	X(proc_sys, "/proc/sys: what tells one host from another", PROC, 0, "not there")           \
	X(kernel_symbols, "/proc/kallsyms, kcore, modules, keys", PROC, 0, "not there")            \
	X(sys_tree, "/sys", ROOT, GUARD_BIT(ROOT), "not there")                                    \
	X(own_proc_files, "oom_score_adj, uid_map, timens_offsets for writing", PROC, 0,           \
	    "not opened")                                                                          \
	X(own_memory_file, "/proc/self/mem: code changed behind mprotect's back", PROC, 0,         \
	    "not opened for writing")                                                              \
	X(mapped_file, "/proc/self/map_files: its own program, opened again for writing",          \
	    READ_ONLY, 0, "not opened")                                                            \
	X(page_frames, "/proc/self/pagemap: physical addresses, for Rowhammer and its like",       \
	    NO_CAPABILITIES, 0, "none is told")

/* resources.c */
#define PROBES_RESOURCES(X)                                                                   \
	X(fork_bomb, "more processes than the limit", RLIMITS, 0, "EAGAIN at the limit")      \
	X(memory_bomb, "more address space than the limit", RLIMITS, 0, "ENOMEM")             \
	X(fill_tmp, "more bytes in /tmp than its size", TMP_SIZE, 0, "ENOSPC")                \
	X(fill_inodes, "more files in /tmp than its number", TMP_SIZE, 0, "ENOSPC")           \
	X(file_size, "a file beyond the limit", RLIMITS, 0, "EFBIG")                          \
	X(open_files, "more descriptors than the limit", RLIMITS, 0, "EMFILE")                \
	X(raise_limit, "a hard limit raised again", RLIMITS, 0, "refused")                    \
	X(core_file, "a core file, or a host's collector started by one", NO_DUMP, 0,         \
	    "the limit is 1 or less")                                                         \
	X(priority, "nice -20 and real-time scheduling", SECCOMP, 0, "refused")               \
	X(locked_memory, "mlock", SECCOMP, 0, "refused")                                      \
	X(huge_pages, "MAP_HUGETLB: pages of a pool that the host has set aside", SECCOMP, 0, \
	    "refused")                                                                        \
	X(signal_queue, "more queued signals than the limit: all of a user's count together", \
	    RLIMITS, 0, "EAGAIN at the limit")

/* cgroup.c; its guard is there only where the tests may write to cgroup v2 */
#define PROBES_CGROUP(X)                                                                           \
	X(memory_of_all, "processes that together use more memory than the limit", CGROUP, 0,      \
	    "the cell is killed")                                                                  \
	X(cgroup_left, "its own number written to the host's cgroup.procs", ROOT, GUARD_BIT(ROOT), \
	    "not there")                                                                           \
	X(cgroup_raised, "the limits of its own leaf, raised in the host's tree", ROOT,            \
	    GUARD_BIT(ROOT), "not there")                                                          \
	X(cgroup_mounted, "cgroup2 mounted in a namespace of its own, to raise its limits",        \
	    SECCOMP, 0, "no file system")

/* init.c */
#define PROBES_INIT(X)                                                                         \
	X(kill_init, "SIGKILL to process 1", PID_NS, GUARD_BIT(PID_NS), "it lives")            \
	X(survivor, "double fork: something that outlives the run", PID_NS, GUARD_BIT(PID_NS), \
	    "nothing is left")

/* pairs.c: two cells at once; the first holds, the second looks */
#define PROBES_PAIRS(X)                                                                       \
	X(pair_memory, "SysV shared memory between cells", SECCOMP, 0, "not found")           \
	X(pair_abstract, "an abstract socket between cells", SECCOMP, 0, "not connected")     \
	X(pair_tcp, "TCP between cells", SECCOMP, 0, "not connected")                         \
	X(pair_file, "a file in /tmp or /dev/shm between cells", ROOT, GUARD_BIT(ROOT),       \
	    "not there")                                                                      \
	X(pair_process, "another cell's process in /proc", ROOT, GUARD_BIT(ROOT), "not seen") \
	X(pair_signal, "a signal to another cell's process", PID_NS, GUARD_BIT(PID_NS),       \
	    "not reached")                                                                    \
	X(pair_null, "flags of one open /dev/null as a channel between cells", OWN_NULL, 0,   \
	    "each cell has its own")

/* What is attacked while a cell is built, and looked at from inside; no guard stands behind it but
 * the descriptor by which a source is known. */
#define PROBES_BUILD(X)                                                                      \
	X(swapped_source, "a mount's source, swapped for a link to / while cells are built", \
	    KERNEL, 0, "what was opened is seen")

/* accepted.c: known, not stopped; docs/escapes.md says why. The suite checks that they still are
 * what they are said to be. X(ident, technique, why it is accepted) */
#define PROBES_ACCEPTED(X)                                                                         \
	X(mount_paths, "paths of the host in /proc/self/mountinfo",                                \
	    "the kernel names a mount's source there; paths carry no secret of ours")              \
	X(clock_offsets, "the host's uptime from /proc/self/timens_offsets",                       \
	    "a process may read its own offsets and add them to its clock; nothing hides the "     \
	    "file")                                                                                \
	X(file_locks, "flock on a shared read-only file as a channel between cells",               \
	    "two Skills that work together can signal each other by many such means; none gives "  \
	    "a right")                                                                             \
	X(lock_flood, "CVE-2022-0480: kernel memory by a hundred thousand locks of a file",        \
	    "databases in /tmp need locks; each costs time that grows with their number, and CPU " \
	    "time "                                                                                \
	    "is limited")                                                                          \
	X(host_load, "sysinfo: load, memory and number of processes of the host",                  \
	    "run-times ask it for the size of memory; it names nobody")                            \
	X(own_code, "memory written, then made executable",                                        \
	    "compilers in a process need it (node, git's patterns under shell; base and python "   \
	    "are without); it gives nothing that the Skill's own program "                         \
	    "has not")

/* clang-format off */
#define PROBES(X) \
	PROBES_DESCRIPTORS(X) \
	PROBES_FILES(X) \
	PROBES_MOUNTS(X) \
	PROBES_NAMESPACES(X) \
	PROBES_SYSCALLS(X) \
	PROBES_SOCKETS(X) \
	PROBES_IPC(X) \
	PROBES_SIGNALS(X) \
	PROBES_TTY(X) \
	PROBES_PROC(X) \
	PROBES_RESOURCES(X) \
	PROBES_CGROUP(X) \
	PROBES_INIT(X) \
	PROBES_PAIRS(X)
/* clang-format on */

#endif
