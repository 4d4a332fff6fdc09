// SPDX-License-Identifier: MIT
// Linux's system calls, as far as glibc and its loader need them to start a program and to print what it has to say.
// The others answer ENOSYS, and are named on the console.
#include "console.h"
#include "files.h"
#include "layout.h"
#include "linux_errors.h"
#include "machine.h"
#include "memory.h"
#include "process.h"
#include "string.h"

// Numbers of include/uapi/asm-generic/unistd.h.
enum {
    CALL_IOCTL = 29,
    CALL_FACCESSAT = 48,
    CALL_OPENAT = 56,
    CALL_CLOSE = 57,
    CALL_READ = 63,
    CALL_WRITE = 64,
    CALL_WRITEV = 66,
    CALL_PREAD64 = 67,
    CALL_READLINKAT = 78,
    CALL_NEWFSTATAT = 79,
    CALL_FSTAT = 80,
    CALL_EXIT = 93,
    CALL_EXIT_GROUP = 94,
    CALL_SET_TID_ADDRESS = 96,
    CALL_SET_ROBUST_LIST = 99,
    CALL_CLOCK_GETTIME = 113,
    CALL_RT_SIGPROCMASK = 135,
    CALL_GETPID = 172,
    CALL_GETTID = 178,
    CALL_BRK = 214,
    CALL_MUNMAP = 215,
    CALL_EXECVE = 221,
    CALL_MMAP = 222,
    CALL_MPROTECT = 226,
    CALL_PRLIMIT64 = 261,
    CALL_GETRANDOM = 278,
    CALL_RSEQ = 293,
};

enum { NAME_BYTES = 256, COPY_BYTES = 256, VECTORS = 1024 };

#define MOST_FOR_ONE UINT64_C(0x7ffff000) // bytes of one read or write, as in Linux

struct io_vector {
    uint64_t base;
    uint64_t length;
};

// struct stat of asm-generic/stat.h
struct linux_stat {
    uint64_t device, inode;
    uint32_t mode, links, user, group;
    uint64_t special_device, padding;
    int64_t size;
    int32_t block_size, padding2;
    int64_t blocks, times[6];
    uint32_t unused[2];
};

enum { MODE_FILE = 0100444, MODE_CONSOLE = 020620, AT_EMPTY_PATH = 0x1000, O_ACCMODE = 3, O_CLOEXEC = 02000000 };
enum { X_OK = 1, W_OK = 2 };
enum { PROT_KNOWN = 7, MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20 };

static uint64_t round_up(uint64_t length) {
    return (length + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE; // 0 where it wraps
}

// ---- Files ----------------------------------------------------------------------------------------------------------

static int64_t read_name(char *name, uint64_t from) {
    for (size_t i = 0; i < NAME_BYTES; i++) {
        if (!user_read(process.space, &name[i], from + i, 1)) {
            return -EFAULT;
        }
        if (name[i] == '\0') {
            return 0;
        }
    }
    return -ENAMETOOLONG;
}

// Only absolute names: no process has a directory.
static int64_t find_by_name(uint64_t name_address, const struct file **file) {
    char name[NAME_BYTES];
    const int64_t result = read_name(name, name_address);
    if (result != 0) {
        return result;
    }
    *file = file_find(name);
    return *file != NULL ? 0 : -ENOENT;
}

static struct descriptor *find_descriptor(uint64_t number) {
    struct descriptor *const descriptor = number < DESCRIPTORS ? &process.descriptors[number] : NULL;
    return descriptor != NULL && descriptor->file != NULL ? descriptor : NULL;
}

static int64_t call_openat(uint64_t name, uint64_t flags) {
    const struct file *file;
    const int64_t result = find_by_name(name, &file);
    if (result != 0) {
        return result;
    }
    if ((flags & O_ACCMODE) != 0) {
        return -EINVAL; // no file can be written
    }
    for (int64_t number = FIRST_DESCRIPTOR; number < DESCRIPTORS; number++) {
        if (process.descriptors[number].file == NULL) {
            process.descriptors[number] = (struct descriptor){.file = file, .close_on_exec = (flags & O_CLOEXEC) != 0};
            return number;
        }
    }
    return -EMFILE;
}

static int64_t call_close(uint64_t number) {
    struct descriptor *const descriptor = find_descriptor(number);
    if (descriptor == NULL) {
        return -EBADF;
    }
    *descriptor = (struct descriptor){.file = NULL};
    return 0;
}

static int64_t read_from(const struct file *file, uint64_t offset, uint64_t to, uint64_t length) {
    if (offset >= file->size) {
        return 0;
    }
    const uint64_t count = length < file->size - offset ? length : file->size - offset;
    return user_write(process.space, to, file->bytes + offset, count) ? (int64_t)count : -EFAULT;
}

static int64_t call_read(uint64_t number, uint64_t to, uint64_t length) {
    struct descriptor *const descriptor = find_descriptor(number);
    if (descriptor == NULL) {
        return -EBADF;
    }
    const int64_t count = read_from(descriptor->file, descriptor->offset, to, length);
    if (count > 0) {
        descriptor->offset += (uint64_t)count;
    }
    return count;
}

static int64_t call_pread64(uint64_t number, uint64_t to, uint64_t length, uint64_t offset) {
    const struct descriptor *const descriptor = find_descriptor(number);
    return descriptor != NULL ? read_from(descriptor->file, offset, to, length) : -EBADF;
}

static int64_t call_write(uint64_t number, uint64_t from, uint64_t length) {
    if (number >= FIRST_DESCRIPTOR) {
        return -EBADF;
    }
    length = length < MOST_FOR_ONE ? length : MOST_FOR_ONE;
    for (uint64_t done = 0; done < length;) {
        char bytes[COPY_BYTES];
        const uint64_t count = length - done < sizeof bytes ? length - done : sizeof bytes;
        if (!user_read(process.space, bytes, from + done, count)) {
            return done != 0 ? (int64_t)done : -EFAULT;
        }
        console_write(bytes, count);
        done += count;
    }
    return (int64_t)length;
}

static int64_t call_writev(uint64_t number, uint64_t vectors, uint64_t count) {
    int64_t sum = 0;
    if (count > VECTORS) {
        return -EINVAL;
    }
    for (uint64_t i = 0; i < count; i++) {
        struct io_vector vector;
        if (!user_read(process.space, &vector, vectors + i * sizeof vector, sizeof vector)) {
            return sum != 0 ? sum : -EFAULT;
        }
        const int64_t done = call_write(number, vector.base, vector.length);
        if (done < 0) {
            return sum != 0 ? sum : done;
        }
        sum += done;
        if ((uint64_t)done < vector.length) {
            break;
        }
    }
    return sum;
}

static int64_t write_stat(const struct file *file, uint64_t to) {
    struct linux_stat stat = {.mode = MODE_CONSOLE, .links = 1, .block_size = PAGE_SIZE};
    if (file != NULL) {
        stat.mode = file->executable != 0 ? MODE_FILE | 0111 : MODE_FILE;
        stat.inode = file_number(file);
        stat.size = (int64_t)file->size;
        stat.blocks = (stat.size + 511) / 512;
    }
    return user_write(process.space, to, &stat, sizeof stat) ? 0 : -EFAULT;
}

static int64_t call_fstat(uint64_t number, uint64_t to) {
    const struct descriptor *const descriptor = find_descriptor(number);
    if (descriptor == NULL && number >= FIRST_DESCRIPTOR) {
        return -EBADF;
    }
    return write_stat(descriptor != NULL ? descriptor->file : NULL, to);
}

static int64_t call_newfstatat(uint64_t directory, uint64_t name, uint64_t to, uint64_t flags) {
    char first;
    const struct file *file;
    if ((flags & AT_EMPTY_PATH) != 0 && user_read(process.space, &first, name, 1) && first == '\0') {
        return call_fstat(directory, to);
    }
    const int64_t result = find_by_name(name, &file);
    return result == 0 ? write_stat(file, to) : result;
}

// To the rights of files, which nobody may write.
static int64_t call_faccessat(uint64_t name, uint64_t rights) {
    const struct file *file;
    const int64_t result = find_by_name(name, &file);
    if (result != 0) {
        return result;
    }
    return (rights & W_OK) != 0 || ((rights & X_OK) != 0 && file->executable == 0) ? -EACCES : 0;
}

// ---- Memory ---------------------------------------------------------------------------------------------------------

static int64_t call_brk(uint64_t end) {
    struct space *const space = process.space;
    const uint64_t old_pages = round_up(space->heap_end);
    if (end < space->heap_start || end > space->mmap_top) {
        return (int64_t)space->heap_end;
    }
    const uint64_t pages = round_up(end);
    if (pages < old_pages) {
        space_unmap(space, pages, old_pages);
    }
    for (uint64_t at = old_pages; at < pages; at += PAGE_SIZE) {
        if (space_map(space, at, at + PAGE_SIZE, RIGHT_READ | RIGHT_WRITE) != SPACE_DONE) {
            space_unmap(space, old_pages, at);
            return (int64_t)space->heap_end;
        }
    }
    space->heap_end = end;
    return (int64_t)end;
}

// PROT_READ, PROT_WRITE and PROT_EXEC are the bits of the rights.
static int64_t map_pages(uint64_t start, uint64_t length, uint32_t rights, const struct descriptor *from,
                         uint64_t offset) {
    struct space *const space = process.space;
    if (space_map(space, start, start + length, rights) != SPACE_DONE) {
        space_unmap(space, start, start + length); // nothing else was there
        return -ENOMEM;
    }
    for (uint64_t done = 0; from != NULL && done < length && offset + done < from->file->size; done += PAGE_SIZE) {
        const uint64_t rest = from->file->size - offset - done;
        memcpy(space_view(space, start + done), from->file->bytes + offset + done, rest < PAGE_SIZE ? rest : PAGE_SIZE);
    }
    if (!space_protect(space, start, start + length, rights)) { // for what was written
        panic("pages that were mapped are missing at", start);
    }
    return (int64_t)start;
}

static int64_t call_mmap(const uint64_t *arguments) {
    struct space *const space = process.space;
    uint64_t start = arguments[0];
    const uint64_t length = round_up(arguments[1]);
    const uint64_t flags = arguments[3];
    const uint64_t offset = arguments[5];
    const struct descriptor *from = NULL;
    if (length == 0 || (flags & (MAP_SHARED | MAP_PRIVATE)) != MAP_PRIVATE || arguments[2] > PROT_KNOWN) {
        return arguments[1] != 0 && length == 0 ? -ENOMEM : -EINVAL;
    }
    if ((flags & MAP_ANONYMOUS) == 0) {
        from = find_descriptor(arguments[4]);
        if (from == NULL) {
            return -EBADF;
        }
        if (offset % PAGE_SIZE != 0 || offset > UINT64_MAX - length) {
            return -EINVAL;
        }
    }
    if (length > RAM_BYTES) {
        return -ENOMEM; // before anything is unmapped or searched for
    }
    if ((flags & MAP_FIXED) == 0) {
        start = space_find_room(space, length);
        if (start == 0) {
            return -ENOMEM;
        }
    } else {
        if (start % PAGE_SIZE != 0) {
            return -EINVAL;
        }
        if (start == 0 || start > USER_END - length) {
            return -ENOMEM;
        }
        space_unmap(space, start, start + length);
    }
    return map_pages(start, length, (uint32_t)arguments[2], from, offset);
}

// Whether pages may be there, for calls that look at what is.
static int64_t check_range(uint64_t start, uint64_t length) {
    if (start % PAGE_SIZE != 0) {
        return -EINVAL;
    }
    return length <= USER_END && start <= USER_END - round_up(length) ? 0 : -ENOMEM;
}

static int64_t call_munmap(uint64_t start, uint64_t length) {
    if (length == 0 || check_range(start, length) != 0) {
        return -EINVAL;
    }
    space_unmap(process.space, start, start + round_up(length));
    return 0;
}

static int64_t call_mprotect(uint64_t start, uint64_t length, uint64_t rights) {
    const int64_t result = check_range(start, length);
    if (result != 0 || rights > PROT_KNOWN) {
        return result != 0 ? result : -EINVAL;
    }
    return space_protect(process.space, start, start + round_up(length), (uint32_t)rights) ? 0 : -ENOMEM;
}

// ---- Time -----------------------------------------------------------------------------------------------------------

// Since the machine was started, whatever the clock.
static int64_t call_clock_gettime(uint64_t to) {
    const uint64_t count = machine_counter();
    const uint64_t frequency = machine_counter_frequency();
    const uint64_t time[2] = {count / frequency, count % frequency * 1000000000 / frequency};
    return user_write(process.space, to, time, sizeof time) ? 0 : -EFAULT;
}

// ---- All of them ----------------------------------------------------------------------------------------------------

// Unknown numbers, and those that may well be missing.
static int64_t call_unknown(uint64_t number) {
    if (number != CALL_RSEQ && number != CALL_PRLIMIT64 && number != CALL_GETRANDOM) {
        console_print("smallkernel: no system call ");
        console_print_number(number);
        console_print("\n");
    }
    return -ENOSYS;
}

static int64_t dispatch(uint64_t number, const uint64_t *arguments) {
    switch (number) {
    case CALL_IOCTL:
        return arguments[0] < FIRST_DESCRIPTOR || find_descriptor(arguments[0]) != NULL ? -ENOTTY : -EBADF;
    case CALL_FACCESSAT:
        return call_faccessat(arguments[1], arguments[2]);
    case CALL_OPENAT:
        return call_openat(arguments[1], arguments[2]);
    case CALL_CLOSE:
        return call_close(arguments[0]);
    case CALL_READ:
        return call_read(arguments[0], arguments[1], arguments[2]);
    case CALL_WRITE:
        return call_write(arguments[0], arguments[1], arguments[2]);
    case CALL_WRITEV:
        return call_writev(arguments[0], arguments[1], arguments[2]);
    case CALL_PREAD64:
        return call_pread64(arguments[0], arguments[1], arguments[2], arguments[3]);
    case CALL_READLINKAT:
        return -ENOENT; // there are no links, nor /proc
    case CALL_NEWFSTATAT:
        return call_newfstatat(arguments[0], arguments[1], arguments[2], arguments[3]);
    case CALL_FSTAT:
        return call_fstat(arguments[0], arguments[1]);
    case CALL_EXIT:
    case CALL_EXIT_GROUP:
        process_ended("exit", arguments[0] & 0xff);
    case CALL_SET_TID_ADDRESS:
    case CALL_GETPID:
    case CALL_GETTID:
        return 1;
    case CALL_SET_ROBUST_LIST: // no thread but this one, no signal
    case CALL_RT_SIGPROCMASK:
        return 0;
    case CALL_CLOCK_GETTIME:
        return call_clock_gettime(arguments[1]);
    case CALL_BRK:
        return call_brk(arguments[0]);
    case CALL_MUNMAP:
        return call_munmap(arguments[0], arguments[1]);
    case CALL_EXECVE:
        return -process_execute_from_user(arguments[0], arguments[1], arguments[2]);
    case CALL_MMAP:
        return call_mmap(arguments);
    case CALL_MPROTECT:
        return call_mprotect(arguments[0], arguments[1], arguments[2]);
    default:
        return call_unknown(number);
    }
}

void system_call(struct frame *frame) {
    frame->registers[0] = (uint64_t)dispatch(frame->registers[8], frame->registers);
}
