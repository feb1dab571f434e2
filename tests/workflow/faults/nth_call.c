/* Makes the n-th open, stat, read or write of a file below one folder fail once with EIO.
 *
 * Loaded with LD_PRELOAD. `arm` states the folder and which call fails (0: none); `calls` returns how many were counted.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static char folder[4096];
static long counted, failing;
static unsigned char watched[65536];

void arm(const char *below, long nth) {
    strncpy(folder, below, sizeof folder - 1);
    failing = nth;
    counted = 0;
}

long calls(void) { return counted; }

static int fails(void) {
    counted++;
    if (counted != failing) return 0;
    errno = EIO;
    return 1;
}

static int below(const char *path) { return folder[0] && path && strncmp(path, folder, strlen(folder)) == 0; }
static int is_watched(int fd) { return fd >= 0 && fd < 65536 && watched[fd]; }

static int noted(int fd, const char *path) {
    if (fd >= 0 && fd < 65536) watched[fd] = below(path);
    return fd;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        static int (*real)(const char *, int, ...); \
        va_list more; \
        va_start(more, flags); \
        int mode = va_arg(more, int); \
        va_end(more); \
        if (!real) real = dlsym(RTLD_NEXT, #name); \
        if (below(path) && fails()) return -1; \
        return noted(real(path, flags, mode), path); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int at, const char *path, int flags, ...) { \
        static int (*real)(int, const char *, int, ...); \
        va_list more; \
        va_start(more, flags); \
        int mode = va_arg(more, int); \
        va_end(more); \
        if (!real) real = dlsym(RTLD_NEXT, #name); \
        if (below(path) && fails()) return -1; \
        return noted(real(at, path, flags, mode), path); \
    }
OPENAT(openat)
OPENAT(openat64)

#define STAT(name, type) \
    int name(const char *path, struct type *into) { \
        static int (*real)(const char *, struct type *); \
        if (!real) real = dlsym(RTLD_NEXT, #name); \
        if (below(path) && fails()) return -1; \
        return real(path, into); \
    }
STAT(stat, stat)
STAT(lstat, stat)
STAT(stat64, stat64)
STAT(lstat64, stat64)

ssize_t read(int fd, void *into, size_t size) {
    static ssize_t (*real)(int, void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "read");
    if (is_watched(fd) && fails()) return -1;
    return real(fd, into, size);
}

ssize_t write(int fd, const void *from, size_t size) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    if (is_watched(fd) && fails()) return -1;
    return real(fd, from, size);
}
