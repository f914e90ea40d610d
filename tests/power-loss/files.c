// The contents of files. Of each sector touched since the last sync its durable bytes are kept, and of each write its bytes.
#include "powerloss.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512

// A write, or a change of size (data is null).
struct op {
  off_t offset, size_after;
  size_t length;
  unsigned char *data;
};

// Which operations touched a sector, in their order.
struct touch {
  size_t op;
  struct touch *next;
};

struct sector {
  off_t number;  // -1: free
  unsigned char durable[SECTOR];
  struct touch *first, *last;
};

struct file {
  dev_t device;
  ino_t inode;
  int fd;
  uint64_t id;
  enum kind kind;
  off_t durable_size, size;
  struct op *ops;
  size_t op_count, op_room;
  size_t *cuts;  // those of ops that made the file shorter
  size_t cut_count, cut_room;
  struct sector *sectors;
  size_t sector_count, sector_room;
  struct file *next;
};

static struct file *files;
static uint64_t file_count;

static bool ends_with(const char *text, const char *end) {
  size_t a = strlen(text), b = strlen(end);
  return a >= b && strcmp(text + a - b, end) == 0;
}

static enum kind kind_of(const char *path) {
  if (ends_with(path, ".seg")) return SEGMENT;
  if (ends_with(path, ".cursor")) return CURSOR;
  if (ends_with(path, ".db-wal")) return WAL;
  if (ends_with(path, ".db")) return DATABASE;
  return OTHER;
}

struct file *file_known(const struct stat *status) {
  struct file *file = files;
  while (file && (file->inode != status->st_ino || file->device != status->st_dev)) file = file->next;
  return file;
}

// The file behind a descriptor just opened. A descriptor of our own stays open: closing one would let go of the program's POSIX locks.
struct file *file_of(int fd, const char *path) {
  struct stat status;
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || ends_with(path, "-shm")) return NULL;
  struct file *file = file_known(&status);
  if (file) return file;
  file = must(calloc(1, sizeof *file));
  char self[64];
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  file->fd = real.open(self, O_RDWR | O_CLOEXEC);
  if (file->fd < 0) {
    // Not to be written by us, so not by the program either.
    free(file);
    return NULL;
  }
  file->device = status.st_dev;
  file->inode = status.st_ino;
  file->id = ++file_count;
  file->kind = kind_of(path);
  file->durable_size = file->size = status.st_size;
  file->next = files;
  files = file;
  return file;
}

void file_renamed(const struct stat *status, const char *path) {
  struct file *file = file_known(status);
  if (file) file->kind = kind_of(path);
}

off_t file_size(const struct file *file) { return file->size; }

enum kind file_kind(const struct file *file) { return file->kind; }

static struct sector *slot_of(struct sector *sectors, size_t room, off_t number) {
  size_t at = dice((uint64_t)number, 0, 0) & (room - 1);
  while (sectors[at].number >= 0 && sectors[at].number != number) at = (at + 1) & (room - 1);
  return &sectors[at];
}

static struct sector *find(struct file *file, off_t number) {
  if (file->sector_room == 0) return NULL;
  struct sector *slot = slot_of(file->sectors, file->sector_room, number);
  return slot->number == number ? slot : NULL;
}

// Keeps what the sector holds, unless it is kept already. Untouched since the last sync, that is its durable state.
static void keep(struct file *file, off_t number) {
  if (find(file, number)) return;
  if (2 * (file->sector_count + 1) > file->sector_room) {
    size_t room = file->sector_room ? file->sector_room * 2 : 64;
    struct sector *larger = must(malloc(room * sizeof *larger));
    for (size_t i = 0; i < room; i++) larger[i].number = -1;
    for (size_t i = 0; i < file->sector_room; i++)
      if (file->sectors[i].number >= 0) *slot_of(larger, room, file->sectors[i].number) = file->sectors[i];
    free(file->sectors);
    file->sectors = larger;
    file->sector_room = room;
  }
  struct sector *slot = slot_of(file->sectors, file->sector_room, number);
  memset(slot, 0, sizeof *slot);
  slot->number = number;
  if (number * SECTOR < file->durable_size && pread(file->fd, slot->durable, SECTOR, number * SECTOR) < 0) give_up("cannot read a file of the program");
  file->sector_count++;
}

static size_t add(struct file *file, struct op op) {
  if (file->op_count == file->op_room) {
    file->op_room = file->op_room ? file->op_room * 2 : 16;
    file->ops = must(realloc(file->ops, file->op_room * sizeof *file->ops));
  }
  file->size = op.size_after;
  file->ops[file->op_count] = op;
  return file->op_count++;
}

void file_will_write(struct file *file, off_t offset, size_t length) {
  if (length == 0) return;
  for (off_t number = offset / SECTOR; number <= (off_t)(offset + length - 1) / SECTOR; number++) keep(file, number);
}

void file_wrote(struct file *file, off_t offset, const void *data, size_t length) {
  if (length == 0) return;
  off_t end = offset + (off_t)length;
  struct op op = {.offset = offset, .length = length, .size_after = end > file->size ? end : file->size, .data = must(malloc(length))};
  memcpy(op.data, data, length);
  size_t index = add(file, op);
  for (off_t number = offset / SECTOR; number <= (end - 1) / SECTOR; number++) {
    struct sector *sector = find(file, number);
    struct touch *touch = must(malloc(sizeof *touch));
    *touch = (struct touch){.op = index};
    if (sector->last) sector->last->next = touch;
    else sector->first = touch;
    sector->last = touch;
  }
}

void file_will_resize(struct file *file, off_t size) {
  for (off_t number = size / SECTOR; number * SECTOR < file->durable_size; number++) keep(file, number);
}

void file_resized(struct file *file, off_t size) {
  if (size == file->size) return;
  bool shrinks = size < file->size;
  size_t index = add(file, (struct op){.size_after = size});
  if (!shrinks) return;
  if (file->cut_count == file->cut_room) {
    file->cut_room = file->cut_room ? file->cut_room * 2 : 8;
    file->cuts = must(realloc(file->cuts, file->cut_room * sizeof *file->cuts));
  }
  file->cuts[file->cut_count++] = index;
}

void file_synced(struct file *file) {
  for (size_t i = 0; i < file->op_count; i++) free(file->ops[i].data);
  for (size_t i = 0; i < file->sector_room; i++)
    if (file->sectors[i].number >= 0)
      for (struct touch *touch = file->sectors[i].first, *next; touch; touch = next) {
        next = touch->next;
        free(touch);
      }
  free(file->sectors);
  file->sectors = NULL;
  file->sector_count = file->sector_room = 0;
  file->op_count = file->cut_count = 0;
  file->durable_size = file->size;
}

static bool survives(const struct file *file, size_t op, off_t sector) {
  switch (settings.mode) {
    case LOSE_SOME: return dice(settings.seed, file->id, op) & 1;
    case LOSE_TORN: return dice(settings.seed + file->id, op, (uint64_t)sector) & 1;
    default: return false;
  }
}

// A sector on disk is as it was at some moment since the last sync: with all writes up to the last one that survives, and none after it.
static void bring_back(struct file *file, struct sector *sector, size_t sized) {
  unsigned char bytes[SECTOR];
  memcpy(bytes, sector->durable, SECTOR);
  off_t start = sector->number * SECTOR;
  struct touch *touch = sector->first;
  for (size_t i = 0; i <= file->cut_count; i++) {
    bool ends = i == file->cut_count;
    size_t op = ends ? file->op_count : file->cuts[i];
    if (!ends && file->ops[op].size_after >= start + SECTOR) continue;
    struct touch *last = NULL;
    for (struct touch *other = touch; other && other->op < op; other = other->next)
      if (survives(file, other->op, sector->number)) last = other;
    for (; last && touch && touch->op <= last->op; touch = touch->next) {
      struct op *write = &file->ops[touch->op];
      off_t from = write->offset > start ? write->offset : start, to = write->offset + (off_t)write->length;
      if (to > start + SECTOR) to = start + SECTOR;
      memcpy(bytes + (from - start), write->data + (from - write->offset), (size_t)(to - from));
    }
    // The file was cut here, but that did not last: nothing that came behind the cut did either.
    if (ends || op >= sized) break;
    while (touch && touch->op < op) touch = touch->next;
    off_t left = file->ops[op].size_after > start ? file->ops[op].size_after - start : 0;
    memset(bytes + left, 0, (size_t)(SECTOR - left));
  }
  unsigned char now[SECTOR] = {0};
  if (pread(file->fd, now, SECTOR, start) < 0) give_up("cannot read a file of the program");
  if (memcmp(now, bytes, SECTOR) == 0) return;
  counts.undone_sectors++;
  if (real.pwrite(file->fd, bytes, SECTOR, start) != SECTOR) give_up("cannot write back a file of the program");
}

void files_lose_power(void) {
  for (struct file *file = files; file; file = file->next) {
    if (file->op_count == 0) continue;
    counts.pending_writes += (long)file->op_count;
    // Sizes last in their order, up to some moment.
    size_t sized = settings.mode == LOSE_ALL ? 0 : dice(settings.seed, file->id, ~0ull) % (file->op_count + 1);
    off_t size = sized == 0 ? file->durable_size : file->ops[sized - 1].size_after;
    long before = counts.undone_sectors;
    for (size_t i = 0; i < file->sector_room; i++)
      if (file->sectors[i].number >= 0 && file->sectors[i].number * SECTOR < size) bring_back(file, &file->sectors[i], sized);
    if (settings.mode == LOSE_TORN && counts.undone_sectors - before != (long)file->sector_count) counts.torn_files++;
    if (size < file->size) counts.cut_bytes += (long)(file->size - size);
    if (real.ftruncate(file->fd, size) != 0) give_up("cannot cut a file of the program");
  }
}
