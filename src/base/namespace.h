#ifndef FIQ_BASE_NAMESPACE_H
#define FIQ_BASE_NAMESPACE_H

/* Whether we are in the first PID namespace, in which the machine has started, rather than in
 * one of a container; -errno when /proc does not tell.  The first has always the same inode
 * (PROC_PID_INIT_INO of the kernel).  Any thread. */
int in_first_pid_namespace(void);

#endif
