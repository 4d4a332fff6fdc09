// SPDX-License-Identifier: MIT
// Written from the rules and not from the library: byte by byte, as simply as can be.
#include "segments.h"

uint64_t segments_down(const struct segments *segments, uint64_t address) {
    return address - address % segments->page_size;
}

uint64_t segments_up(const struct segments *segments, uint64_t address) {
    return segments_down(segments, address + segments->page_size - 1);
}

static bool covers(const struct segments *segments, const struct libexec_kit_program_header *header, uint64_t page) {
    return header->type == LIBEXEC_KIT_PT_LOAD && header->memory_size != 0 &&
           page >= segments_down(segments, header->address) &&
           page < segments_up(segments, header->address + header->memory_size);
}

static bool has_file_bytes(const struct segments *segments, const struct libexec_kit_program_header *header,
                           uint64_t page) {
    return header->file_size != 0 && page < segments_up(segments, header->address + header->file_size);
}

const struct libexec_kit_program_header *segments_owner(const struct segments *segments, uint64_t page) {
    for (uint32_t i = segments->count; i-- > 0;)
        if (covers(segments, &segments->headers[i], page))
            return &segments->headers[i];
    return NULL;
}

uint32_t segments_rights(const struct segments *segments, const struct libexec_kit_program_header *owner,
                         uint64_t page) {
    uint32_t rights = ((owner->flags & LIBEXEC_KIT_PF_R) != 0 ? LIBEXEC_RIGHT_READ : 0) |
                      ((owner->flags & LIBEXEC_KIT_PF_W) != 0 ? LIBEXEC_RIGHT_WRITE : 0) |
                      ((owner->flags & LIBEXEC_KIT_PF_X) != 0 ? LIBEXEC_RIGHT_EXECUTE : 0);
    if (!has_file_bytes(segments, owner, page))
        rights |= LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_WRITE;
    return rights;
}

uint8_t segments_byte(const struct segments *segments, uint64_t address) {
    const uint64_t page = segments_down(segments, address);
    for (uint32_t i = segments->count; i-- > 0;) {
        const struct libexec_kit_program_header *const header = &segments->headers[i];
        if (!covers(segments, header, page))
            continue;
        if (header->file_size == 0 && address < header->address)
            continue; // bss that begins inside a page: what lies below stays the neighbour's
        if (!has_file_bytes(segments, header, page))
            return 0;
        if (header->memory_size > header->file_size && address >= header->address + header->file_size)
            return 0;
        const uint64_t offset = header->offset + (address - header->address);
        return offset < segments->size ? segments->bytes[offset] : 0;
    }
    return 0;
}
