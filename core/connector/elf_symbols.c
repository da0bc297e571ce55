/*
 * A reader of the dynamic symbol table. The file is read whole into memory rather than mapped, so that
 * somebody who shortens it meanwhile cannot stop the hub; every offset in it is held against its length.
 * Looking before dlopen() means that a file that is no connector never gets to run its constructors.
 */
#include "core/connector/elf_symbols.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum { FILE_BYTES_MAX = 256 * 1024 * 1024, NAMED_MAX = 5 };

struct image {
  const char *data;
  size_t length;
};

static int refuse(struct text_out *reason, const char *what) {
  text_out_string(reason, what);
  return ELF_E_REFUSED;
}

/* count structs of size bytes at offset, or NULL when they do not lie inside the image. */
static const void *at(const struct image *image, uint64_t offset, uint64_t count, size_t size) {
  if (offset > image->length || count > (image->length - offset) / size) return NULL;
  return image->data + offset;
}

static int read_image(const char *path, struct image *ret_image, char **ret_memory, struct text_out *reason) {
  cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat about;
  if (fd < 0 || fstat(fd, &about) < 0) return refuse(reason, strerrordesc_np(errno));
  if (!S_ISREG(about.st_mode)) return refuse(reason, "not a regular file");
  if (about.st_size > FILE_BYTES_MAX) return refuse(reason, "larger than 256 MiB");
  cleanup(freep) char *data = malloc((size_t)about.st_size + 1);
  if (data == NULL) return -ENOMEM;
  size_t length = 0;
  while (length < (size_t)about.st_size) {
    ssize_t n = read(fd, data + length, (size_t)about.st_size - length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refuse(reason, strerrordesc_np(errno));
    if (n == 0) break;
    length += (size_t)n;
  }
  *ret_image = (struct image){data, length};
  *ret_memory = TAKE(data);
  return 0;
}

/* What the linker may put there by itself. */
static bool linkers_own(const char *name) {
  static const char *const names[] = {"_init", "_fini", "_edata", "_end", "__bss_start"};
  for (size_t i = 0; i < LENGTH_OF(names); i++) {
    if (strcmp(name, names[i]) == 0) return true;
  }
  return false;
}

static bool exported(const Elf64_Sym *symbol) {
  unsigned binding = ELF64_ST_BIND(symbol->st_info), visibility = ELF64_ST_VISIBILITY(symbol->st_other);
  return symbol->st_shndx != SHN_UNDEF && binding != STB_LOCAL &&
         (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

static int judge(const Elf64_Sym *symbols, size_t count, struct text names, const char *expected,
                 struct text_out *reason) {
  bool found = false;
  unsigned others = 0;
  for (size_t i = 0; i < count; i++) {
    Elf64_Sym symbol;
    memcpy(&symbol, &symbols[i], sizeof symbol);
    if (!exported(&symbol)) continue;
    if (symbol.st_name >= names.length) return refuse(reason, "its symbol table is damaged");
    const char *name = names.data + symbol.st_name;
    if (strcmp(name, expected) == 0) {
      found = true;
    } else if (!linkers_own(name) && others++ < NAMED_MAX) {
      text_out_format(reason, "%s", others == 1 ? "it exports more than one symbol, the hub wants " : ", ");
      if (others == 1) text_out_format(reason, "%s alone: also ", expected);
      text_out_visible(reason, text_of(name), 64);
    }
  }
  if (others != 0) return ELF_E_REFUSED;
  if (found) return 0;
  text_out_format(reason, "it does not export %s", expected);
  return ELF_E_REFUSED;
}

static int judge_image(const struct image *image, const char *expected, struct text_out *reason) {
  Elf64_Ehdr head;
  if (image->length < sizeof head) return refuse(reason, "not a shared object (ELF)");
  memcpy(&head, image->data, sizeof head);
  if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) return refuse(reason, "not a shared object (ELF)");
  if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_type != ET_DYN) {
    return refuse(reason, "not a shared object for 64 bits");
  }
  if (head.e_shentsize != sizeof(Elf64_Shdr)) return refuse(reason, "it has no section table");
  const char *sections = at(image, head.e_shoff, head.e_shnum, sizeof(Elf64_Shdr));
  if (sections == NULL) return refuse(reason, "its section table is damaged");
  for (size_t i = 0; i < head.e_shnum; i++) {
    Elf64_Shdr section, names;
    memcpy(&section, sections + i * sizeof section, sizeof section);
    if (section.sh_type != SHT_DYNSYM) continue;
    size_t count = section.sh_size / sizeof(Elf64_Sym);
    const void *symbols = at(image, section.sh_offset, count, sizeof(Elf64_Sym));
    if (symbols == NULL || section.sh_link >= head.e_shnum)
      return refuse(reason, "its symbol table is damaged");
    memcpy(&names, sections + section.sh_link * sizeof names, sizeof names);
    const char *text = at(image, names.sh_offset, names.sh_size, 1);
    if (text == NULL || names.sh_size == 0 || text[names.sh_size - 1] != '\0') {
      return refuse(reason, "its symbol names are damaged");
    }
    return judge(symbols, count, (struct text){text, names.sh_size}, expected, reason);
  }
  return refuse(reason, "it has no dynamic symbols");
}

int elf_exports_only(const char *path, const char *expected, struct text_out *reterr_reason) {
  struct image image;
  cleanup(freep) char *memory = NULL;
  int r = read_image(path, &image, &memory, reterr_reason);
  return r != 0 ? r : judge_image(&image, expected, reterr_reason);
}
