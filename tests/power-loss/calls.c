// The calls that change files, put before the C library's own.
#include "powerloss.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS 65536

static struct file *by_fd[FDS];
static bool at_once[FDS];  // opened so that each write is synced

static struct file *tracked(int fd) { return fd >= 0 && fd < FDS ? by_fd[fd] : NULL; }

// The absolute path when it lies beneath the folder; null for all others.
static const char *beneath(int at, const char *path, char *buffer) {
  if (!settings.folder || !*settings.folder) return NULL;
  if (path[0] != '/') {
    char base[4096];
    if (at == AT_FDCWD) {
      if (!getcwd(base, sizeof base)) return NULL;
    } else {
      char self[64];
      snprintf(self, sizeof self, "/proc/self/fd/%d", at);
      ssize_t length = readlink(self, base, sizeof base - 1);
      if (length < 0) return NULL;
      base[length] = 0;
    }
    snprintf(buffer, 8192, "%s/%s", base, path);
    path = buffer;
  }
  size_t length = strlen(settings.folder);
  return strncmp(path, settings.folder, length) == 0 && (path[length] == '/' || path[length] == 0) ? path : NULL;
}

static bool exists(const char *path) {
  struct stat status;
  return lstat(path, &status) == 0;
}

static int open_file(int at, const char *path, int flags, mode_t mode) {
  char buffer[8192];
  const char *full = beneath(at, path, buffer);
  if (!full) return real.openat(at, path, flags, mode);
  powerloss_lock();
  bool is_new = (flags & O_CREAT) && !exists(full);
  // Emptied by a call of its own, so that what it held can be kept.
  int fd = real.open(full, flags & ~O_TRUNC, mode);
  int error = errno;
  if (fd >= 0 && fd < FDS && (flags & O_ACCMODE) != O_RDONLY) {
    struct file *file = by_fd[fd] = file_of(fd, full);
    at_once[fd] = (flags & (O_SYNC | O_DSYNC)) != 0;
    if (is_new && file) {
      name_created(full, false);
      powerloss_step();
    } else if ((flags & O_TRUNC) && file) {
      file_will_resize(file, 0);
      if (real.ftruncate(fd, 0) != 0) give_up("cannot empty a file");
      file_resized(file, 0);
      powerloss_step();
    }
  }
  powerloss_unlock();
  errno = error;
  return fd;
}

static mode_t mode_in(int flags, va_list arguments) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0; }

#define OPEN(name)                                \
  int name(const char *path, int flags, ...) {    \
    va_list arguments;                            \
    va_start(arguments, flags);                   \
    mode_t mode = mode_in(flags, arguments);      \
    va_end(arguments);                            \
    return open_file(AT_FDCWD, path, flags, mode); \
  }
#define OPENAT(name)                                   \
  int name(int at, const char *path, int flags, ...) { \
    va_list arguments;                                 \
    va_start(arguments, flags);                        \
    mode_t mode = mode_in(flags, arguments);           \
    va_end(arguments);                                 \
    return open_file(at, path, flags, mode);           \
  }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int creat(const char *path, mode_t mode) { return open_file(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd) {
  if (!tracked(fd)) return real.close(fd);
  powerloss_lock();
  by_fd[fd] = NULL;
  powerloss_unlock();
  return real.close(fd);
}

static int sync_file(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) return real.fsync(fd);
  powerloss_lock();
  // Also through a descriptor that is for reading only.
  struct file *file = file_known(&status);
  if (!file && !S_ISDIR(status.st_mode)) {
    powerloss_unlock();
    return real.fsync(fd);
  }
  powerloss_step();
  if (file) counts.syncs[file_kind(file)]++;
  else counts.folder_syncs++;
  if (!settings.no_sync) {
    if (file) file_synced(file);
    else names_synced(fd);
  }
  powerloss_unlock();
  return 0;
}

int fsync(int fd) { return sync_file(fd); }
int fdatasync(int fd) { return sync_file(fd); }

// One write at an offset; -1 for where the descriptor stands.
static ssize_t write_file(int fd, const struct iovec *parts, int count, off_t offset) {
  powerloss_lock();
  struct file *file = by_fd[fd];
  size_t length = 0;
  for (int i = 0; i < count; i++) length += parts[i].iov_len;
  bool moves = offset < 0;
  if (moves) offset = fcntl(fd, F_GETFL) & O_APPEND ? file_size(file) : lseek(fd, 0, SEEK_CUR);
  unsigned char *bytes = must(malloc(length + 1));
  size_t at = 0;
  for (int i = 0; i < count; i++) {
    memcpy(bytes + at, parts[i].iov_base, parts[i].iov_len);
    at += parts[i].iov_len;
  }
  file_will_write(file, offset, length);
  ssize_t written = moves ? real.write(fd, bytes, length) : real.pwrite(fd, bytes, length, offset);
  int error = errno;
  if (written > 0) {
    file_wrote(file, offset, bytes, (size_t)written);
    counts.writes[file_kind(file)]++;
    counts.bytes[file_kind(file)] += written;
    if (at_once[fd] && !settings.no_sync) file_synced(file);
    powerloss_step();
  }
  free(bytes);
  powerloss_unlock();
  errno = error;
  return written;
}

ssize_t write(int fd, const void *data, size_t length) {
  struct iovec part = {(void *)data, length};
  return tracked(fd) ? write_file(fd, &part, 1, -1) : real.write(fd, data, length);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  return tracked(fd) ? write_file(fd, parts, count, -1) : real.writev(fd, parts, count);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off_t offset) {
  struct iovec part = {(void *)data, length};
  return tracked(fd) ? write_file(fd, &part, 1, offset) : real.pwrite(fd, data, length, offset);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return pwrite64(fd, data, length, offset); }

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset) {
  return tracked(fd) ? write_file(fd, parts, count, offset) : real.pwritev(fd, parts, count, offset);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) { return pwritev64(fd, parts, count, offset); }

int ftruncate64(int fd, off_t size) {
  if (!tracked(fd)) return real.ftruncate(fd, size);
  powerloss_lock();
  file_will_resize(by_fd[fd], size);
  int result = real.ftruncate(fd, size), error = errno;
  if (result == 0) {
    file_resized(by_fd[fd], size);
    powerloss_step();
  }
  powerloss_unlock();
  errno = error;
  return result;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int fallocate64(int fd, int mode, off_t offset, off_t length) {
  if (!tracked(fd)) return real.fallocate(fd, mode, offset, length);
  if (mode != 0 && mode != FALLOC_FL_KEEP_SIZE) give_up("a way of fallocate that this library does not know");
  powerloss_lock();
  int result = real.fallocate(fd, mode, offset, length), error = errno;
  if (result == 0 && mode == 0 && offset + length > file_size(by_fd[fd])) file_resized(by_fd[fd], offset + length);
  powerloss_unlock();
  errno = error;
  return result;
}

int fallocate(int fd, int mode, off_t offset, off_t length) { return fallocate64(fd, mode, offset, length); }

int posix_fallocate64(int fd, off_t offset, off_t length) {
  if (!tracked(fd)) return real.posix_fallocate(fd, offset, length);
  powerloss_lock();
  int error = real.posix_fallocate(fd, offset, length);
  if (error == 0 && offset + length > file_size(by_fd[fd])) file_resized(by_fd[fd], offset + length);
  powerloss_unlock();
  return error;
}

int posix_fallocate(int fd, off_t offset, off_t length) { return posix_fallocate64(fd, offset, length); }

// Ways of copying whose bytes this library would not see: refused, as by an older system, so that the program writes them itself.
ssize_t sendfile64(int to, int from, off_t *offset, size_t length) {
  if (!tracked(to)) return real.sendfile(to, from, offset, length);
  errno = EINVAL;
  return -1;
}

ssize_t sendfile(int to, int from, off_t *offset, size_t length) { return sendfile64(to, from, offset, length); }

ssize_t copy_file_range(int from, off_t *from_at, int to, off_t *to_at, size_t length, unsigned flags) {
  if (!tracked(to)) return real.copy_file_range(from, from_at, to, to_at, length, flags);
  errno = EXDEV;
  return -1;
}

int ioctl(int fd, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  if (!tracked(fd)) return real.ioctl(fd, request, argument);
  errno = EOPNOTSUPP;
  return -1;
}

static int at_removed(int at, const char *path, bool is_folder) {
  char buffer[8192];
  const char *full = beneath(at, path, buffer);
  if (!full) return unlinkat(at, path, is_folder ? AT_REMOVEDIR : 0);
  powerloss_lock();
  char *kept = is_folder ? NULL : name_keep(full);
  int result = is_folder ? real.rmdir(full) : real.unlink(full), error = errno;
  if (result == 0) {
    name_removed(full, kept, is_folder);
    powerloss_step();
  } else {
    name_unkeep(kept);
  }
  powerloss_unlock();
  errno = error;
  return result;
}

int unlink(const char *path) { return at_removed(AT_FDCWD, path, false); }
int rmdir(const char *path) { return at_removed(AT_FDCWD, path, true); }

static int at_renamed(int from_at, const char *from, int to_at, const char *to) {
  char buffers[2][8192];
  const char *full_from = beneath(from_at, from, buffers[0]), *full_to = beneath(to_at, to, buffers[1]);
  if (!full_from && !full_to) return real.rename(from, to);
  if (!full_to) give_up("a file was moved out of the folder");
  powerloss_lock();
  char *kept = name_keep(full_to);
  int result = real.rename(full_from ? full_from : from, full_to), error = errno;
  if (result == 0) {
    struct stat status;
    if (stat(full_to, &status) == 0) file_renamed(&status, full_to);
    if (full_from) {
      name_renamed(full_from, full_to, kept);
    } else {
      // From elsewhere: its contents are taken for durable.
      if (kept) name_removed(full_to, kept, false);
      name_created(full_to, false);
    }
    powerloss_step();
  } else {
    name_unkeep(kept);
  }
  powerloss_unlock();
  errno = error;
  return result;
}

int rename(const char *from, const char *to) { return at_renamed(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int from_at, const char *from, int to_at, const char *to) { return at_renamed(from_at, from, to_at, to); }

int link(const char *from, const char *to) {
  char buffer[8192];
  const char *full = beneath(AT_FDCWD, to, buffer);
  if (!full) return real.link(from, to);
  powerloss_lock();
  int result = real.link(from, full), error = errno;
  if (result == 0) {
    name_created(full, false);
    powerloss_step();
  }
  powerloss_unlock();
  errno = error;
  return result;
}

int mkdir(const char *path, mode_t mode) {
  char buffer[8192];
  const char *full = beneath(AT_FDCWD, path, buffer);
  if (!full) return real.mkdir(path, mode);
  powerloss_lock();
  int result = real.mkdir(full, mode), error = errno;
  if (result == 0) {
    name_created(full, true);
    powerloss_step();
  }
  powerloss_unlock();
  errno = error;
  return result;
}
