// Fields of a task that can be NULL or gone: of a thread of the kernel, of a worker that a driver made,
// of a task half built or half ended. They are read in the functions named here alone, each of which
// says why it may. A new reader is looked at and then named, or asks one of these.
virtual report

@initialize:python@
@@
allowed = {
    # The current task's own, or under task_lock(), or only compared.
    "files": {
        "nta_search_is_shared", "nta_search_batch", "nta_search_has_users", "nta_search_thread",
        "nta_search_process", "nta_search_current", "nta_walk_received", "nta_walk_end",
    },
    # The current task's, which has it until it has been reaped.
    "signal": {"nta_trace_exit", "nta_walk_end"},
    # Under RCU, of a task that is referenced or the current one.
    "group_leader": {"nta_proc_create", "nta_walk_pid"},
    # The same, and NULL is asked for.
    "thread_pid": {"nta_thread_of"},
}

@read@
expression task;
identifier member =~ "^(files|mm|active_mm|signal|fs|sighand|nsproxy|real_parent|parent|group_leader|thread_pid|cred|real_cred|ptracer_cred|io_uring|io_context|bio_list|vfork_done|set_child_tid|worker_private|cgroups|audit_context|seccomp|sysvsem|sysvshm|delays|pi_state_list|perf_event_ctxp|robust_list|numa_group|mempolicy|last_siginfo|task_works|stack|stack_vm_area|security)$";
position p;
@@
task->member@p

@script:python depends on report@
p << read.p;
member << read.member;
@@
if p[0].current_element not in allowed.get(member, set()):
    print("%s:%s: %s() reads a task's %s, which can be NULL or gone" %
          (p[0].file, p[0].line, p[0].current_element, member))

// Of a task that has been reaped it is NULL.
@pid_namespace@
expression task != current;
position p;
@@
task_active_pid_ns@p(task)

@script:python depends on report@
p << pid_namespace.p;
@@
print("%s:%s: the PID namespace of a task that may have been reaped" % (p[0].file, p[0].line))
