// SPDX-License-Identifier: MIT
// The traced process does nothing but call execve (or open and execveat) again and again on a path in shared memory;
// the tracer changes the path while the process stands at the entry of the first of these calls. Every wait is bounded
// by an alarm.

#define _GNU_SOURCE
#include "tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_SECONDS   20
#define SYSCALL_STOP     (SIGTRAP | 0x80)
#define EXEC_STOP        (SIGTRAP | (PTRACE_EVENT_EXEC << 8))
#define NOT_ALLOWED      77
#define FIRST_DESCRIPTOR 3

static void nothing(int number) {
    (void)number; // only there to interrupt waitpid
}

static void set_alarm(unsigned seconds) {
    const struct itimerval timer = {.it_value = {.tv_sec = seconds}, .it_interval = {.tv_sec = seconds != 0}};

    setitimer(ITIMER_REAL, &timer, NULL);
}

bool tracer_open(struct tracer *tracer) {
    const struct sigaction action = {.sa_handler = nothing};

    sigaction(SIGALRM, &action, NULL);
    tracer->process = 0;
    tracer->path = mmap(NULL, TRACER_PATH_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return tracer->path != MAP_FAILED;
}

// The child's side.

static bool become_ordinary(const struct tracer *tracer) {
    struct rlimit stack;

    getrlimit(RLIMIT_STACK, &stack);
    stack.rlim_cur = tracer->stack_limit == UINT64_MAX ? RLIM_INFINITY : (rlim_t)tracer->stack_limit;
    if (stack.rlim_max < stack.rlim_cur)
        stack.rlim_max = stack.rlim_cur;
    if (setrlimit(RLIMIT_STACK, &stack) != 0)
        return false;
    if (geteuid() == 0) {
        if (setgroups(0, NULL) != 0 ||
            setresgid(TRACER_ORDINARY_USER, TRACER_ORDINARY_USER, TRACER_ORDINARY_USER) != 0 ||
            setresuid(TRACER_ORDINARY_USER, TRACER_ORDINARY_USER, TRACER_ORDINARY_USER) != 0)
            return false;
    }
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           personality(tracer->random ? PER_LINUX : ADDR_NO_RANDOMIZE) != -1;
}

static void try_descriptor(const struct tracer *tracer) {
    const int flags = tracer->how == TRACER_BY_CLOSE_ON_EXEC_DESCRIPTOR ? O_RDONLY | O_CLOEXEC : O_RDONLY;
    const int descriptor = (int)syscall(SYS_openat, AT_FDCWD, tracer->path, flags);

    syscall(SYS_execveat, descriptor, "", tracer->argv, tracer->envp, AT_EMPTY_PATH);
    close(descriptor);
}

static _Noreturn void child(const struct tracer *tracer, pid_t parent) {
    static const struct itimerval off;
    const struct rlimit no_core = {0, 0};

    setitimer(ITIMER_REAL, &off, NULL);
    setrlimit(RLIMIT_CORE, &no_core);
    close(FIRST_DESCRIPTOR); // so that exec by descriptor always shows the same number
    if (!become_ordinary(tracer) || ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(NOT_ALLOWED);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(1);
    kill(getpid(), SIGSTOP);
    for (;;) {
        if (tracer->how == TRACER_BY_PATH)
            syscall(SYS_execve, tracer->path, tracer->argv, tracer->envp);
        else
            try_descriptor(tracer);
    }
}

// The tracer's side.

// The next stop of the process as `status >> 8`; -1 when it is late, -2 when it ended.
static int next_stop(struct tracer *tracer) {
    int status;

    set_alarm(ANSWER_SECONDS);
    const pid_t got = waitpid(tracer->process, &status, __WALL);
    set_alarm(0);
    if (got != tracer->process)
        return -1;
    if (WIFSTOPPED(status))
        return status >> 8;
    tracer->process = 0;
    tracer->fatal = WIFSIGNALED(status);
    return -2;
}

static int resume_until_stop(struct tracer *tracer) {
    if (ptrace(PTRACE_SYSCALL, tracer->process, NULL, NULL) != 0)
        return -2;
    return next_stop(tracer);
}

static bool at_entry_of(const struct tracer *tracer, unsigned long long call) {
    struct user_regs_struct registers;

    if (ptrace(PTRACE_GETREGS, tracer->process, NULL, &registers) != 0)
        return false;
    return registers.orig_rax == call && (long long)registers.rax == -ENOSYS;
}

void tracer_drop(struct tracer *tracer) {
    int status;

    if (tracer->process <= 0)
        return;
    kill(tracer->process, SIGKILL);
    while (waitpid(tracer->process, &status, __WALL) == tracer->process) {
        if (!WIFSTOPPED(status))
            break;
        ptrace(PTRACE_CONT, tracer->process, NULL, NULL); // a stop that was on its way
    }
    tracer->process = 0;
}

// Lets the process run up to the entry of `call`. A signal means that the kernel kills it for an image that was lost.
static enum tracer_result reach_entry(struct tracer *tracer, unsigned long long call) {
    int stop;

    do {
        stop = resume_until_stop(tracer);
        if (stop == -1)
            return TRACER_LATE;
        if (stop == SIGSEGV || stop == SIGKILL || stop == SIGBUS) {
            tracer_drop(tracer);
            tracer->fatal = true;
            return TRACER_BROKEN;
        }
        if (stop < 0)
            return TRACER_BROKEN;
    } while (stop != SYSCALL_STOP || !at_entry_of(tracer, call));
    return TRACER_STARTED;
}

// Where the process waits for the next path: right before that is read.
static unsigned long long waiting_call(const struct tracer *tracer) {
    return tracer->how == TRACER_BY_PATH ? SYS_execve : SYS_openat;
}

static enum tracer_result make_process(struct tracer *tracer) {
    const long options = PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
    const pid_t parent = getpid();
    int status;

    tracer->process = fork();
    if (tracer->process == 0)
        child(tracer, parent);
    if (tracer->process < 0) {
        tracer->process = 0;
        return TRACER_BROKEN;
    }
    set_alarm(ANSWER_SECONDS);
    const pid_t got = waitpid(tracer->process, &status, __WALL);
    set_alarm(0);
    if (got != tracer->process)
        return TRACER_LATE;
    if (!WIFSTOPPED(status)) {
        tracer->process = 0;
        return WIFEXITED(status) && WEXITSTATUS(status) == NOT_ALLOWED ? TRACER_DENIED : TRACER_BROKEN;
    }
    if (ptrace(PTRACE_SETOPTIONS, tracer->process, NULL, options) != 0)
        return TRACER_DENIED;
    return reach_entry(tracer, waiting_call(tracer));
}

static enum tracer_result answer(struct tracer *tracer) {
    struct user_regs_struct registers;

    if (tracer->how != TRACER_BY_PATH && reach_entry(tracer, SYS_execveat) != TRACER_STARTED)
        return TRACER_BROKEN;
    int stop = resume_until_stop(tracer);
    if (stop == EXEC_STOP) {
        stop = resume_until_stop(tracer);
        return stop == SYSCALL_STOP ? TRACER_STARTED : stop == -1 ? TRACER_LATE : TRACER_BROKEN;
    }
    if (stop != SYSCALL_STOP)
        return stop == -1 ? TRACER_LATE : TRACER_BROKEN;
    if (ptrace(PTRACE_GETREGS, tracer->process, NULL, &registers) != 0)
        return TRACER_BROKEN;
    tracer->error = (int)-(long long)registers.rax;
    // Behind the point of no return the process now dies; before it, it comes back for the next file.
    if (reach_entry(tracer, waiting_call(tracer)) == TRACER_LATE)
        return TRACER_LATE;
    return TRACER_REFUSED;
}

enum tracer_result tracer_start(struct tracer *tracer, const char *path) {
    enum tracer_result result;

    tracer->error = 0;
    tracer->fatal = false;
    if (strlen(path) >= TRACER_PATH_SIZE) {
        tracer->error = ENAMETOOLONG;
        return TRACER_REFUSED;
    }
    strcpy(tracer->path, path);
    if (tracer->process == 0) {
        result = make_process(tracer);
        if (result != TRACER_STARTED) {
            tracer_drop(tracer);
            return result;
        }
        tracer->fatal = false;
    }
    result = answer(tracer);
    if (result == TRACER_LATE || result == TRACER_BROKEN)
        tracer_drop(tracer);
    return result;
}
