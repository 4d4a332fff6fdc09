// SPDX-License-Identifier: MIT
// The maps of the page: segments to scale, and the address space from high to low.

#include "page_parts.h"

#include <inttypes.h>

#define MEMORY_CELLS  40u
#define MEMORY_COLUMN 38u
#define FILE_CELLS    28u
#define BLOCK_FILE    0x2588u // full block: bytes of the file
#define BLOCK_ZERO    0x2591u // light shade: zeros
#define BLOCK_NONE    0x00b7u // middle dot: not this segment's
#define LINE_ACROSS   0x2500u

struct span {
    uint64_t start;
    uint64_t end;
};

static bool meet(struct span one, struct span other) {
    return one.start < other.end && other.start < one.end;
}

// The part of `all` that cell `index` of `cells` stands for; never empty.
static struct span cell_span(struct span all, unsigned index, unsigned cells) {
    const uint64_t step = (all.end - all.start) / cells;
    const uint64_t rest = (all.end - all.start) % cells;
    struct span span = {all.start + step * index + rest * index / cells,
                        all.start + step * (index + 1) + rest * (index + 1) / cells};

    if (span.end == span.start)
        span.end++;
    return span;
}

static void draw_bar(struct canvas *canvas, enum canvas_style style, struct span all, unsigned cells,
                     struct span filled, struct span zeros) {
    for (unsigned i = 0; i < cells; i++) {
        const struct span cell = cell_span(all, i, cells);
        if (meet(cell, filled))
            canvas_repeat(canvas, style, BLOCK_FILE, 1);
        else if (meet(cell, zeros))
            canvas_repeat(canvas, CANVAS_ZERO, BLOCK_ZERO, 1);
        else
            canvas_repeat(canvas, CANVAS_FAINT, BLOCK_NONE, 1);
    }
}

static void draw_segment(struct canvas *canvas, const struct libexec_segment *segment, struct span memory,
                         struct span file, uint64_t bias) {
    const struct span bytes = {segment->address, segment->address + segment->file_size};
    const struct span zeros = {bytes.end, segment->address + segment->memory_size};
    const struct span source = {segment->file_offset, segment->file_offset + segment->file_size};
    const enum canvas_style style = page_style(segment->rights);
    char rights[4];

    libexec_rights_text(rights, segment->rights);
    canvas_put(canvas, CANVAS_FAINT, "  %3" PRIu32 "  ", segment->program_header);
    canvas_put(canvas, style, "%s", rights);
    canvas_put(canvas, CANVAS_PLAIN, "  %012" PRIx64 "-%012" PRIx64 " ", bias + bytes.start, bias + zeros.end);
    draw_bar(canvas, style, memory, MEMORY_CELLS, bytes, zeros);
    canvas_put(canvas, CANVAS_PLAIN, "  ");
    draw_bar(canvas, style, file, FILE_CELLS, source, (struct span){0, 0});
    canvas_put(canvas, CANVAS_PLAIN, " %06" PRIx64 "+%" PRIx64, segment->file_offset, segment->file_size);
    if (zeros.end > zeros.start)
        canvas_put(canvas, CANVAS_ZERO, " zeros +%" PRIx64, zeros.end - zeros.start);
    canvas_put(canvas, CANVAS_PLAIN, "\n");
}

void page_segments(struct canvas *canvas, const char *title, const struct libexec_plan *plan, uint64_t bias,
                   uint64_t file_size) {
    const struct span memory = {plan->low, plan->high > plan->low ? plan->high : plan->low + 1};
    const struct span file = {0, file_size == 0 ? 1 : file_size};
    char size[32];

    page_heading(canvas, title);
    canvas_put(canvas, CANVAS_FAINT, "  hdr       address");
    canvas_column(canvas, MEMORY_COLUMN);
    canvas_put(canvas, CANVAS_FAINT, "in memory (%s)", page_size_text(size, memory.end - memory.start));
    canvas_column(canvas, MEMORY_COLUMN + MEMORY_CELLS + 2);
    canvas_put(canvas, CANVAS_FAINT, "in the file (%s)\n", page_size_text(size, file_size));
    for (uint32_t i = 0; i < plan->segment_count; i++)
        draw_segment(canvas, &plan->segments[i], memory, file, bias);
}

// The address space.

static const char *kind_name(const struct libexec_region *region) {
    switch (region->kind) {
    case LIBEXEC_REGION_PROGRAM:
        return "program";
    case LIBEXEC_REGION_INTERPRETER:
        return "interpreter";
    case LIBEXEC_REGION_BSS:
        return region->file == LIBEXEC_FILE_INTERPRETER ? "interpreter's zeros" : "program's zeros";
    case LIBEXEC_REGION_TLS:
        return "TLS block";
    case LIBEXEC_REGION_STACK:
        return "stack";
    case LIBEXEC_REGION_GUARD:
        return "guard";
    }
    return "?";
}

static void draw_edge(struct canvas *canvas, uint64_t address) {
    canvas_put(canvas, CANVAS_FAINT, "  %012" PRIx64 " ", address);
    canvas_repeat(canvas, CANVAS_FAINT, LINE_ACROSS, 60);
    canvas_put(canvas, CANVAS_PLAIN, "\n");
}

static void draw_region(struct canvas *canvas, const struct libexec_region *region) {
    const bool guard = region->kind == LIBEXEC_REGION_GUARD;
    const bool zero = region->kind == LIBEXEC_REGION_BSS;
    const enum canvas_style style = guard ? CANVAS_FAINT : page_style(region->rights);
    char rights[4];
    char size[32];

    libexec_rights_text(rights, guard ? 0 : region->rights);
    canvas_column(canvas, 15);
    canvas_repeat(canvas, zero ? CANVAS_ZERO : style, zero ? BLOCK_ZERO : guard ? ' ' : BLOCK_FILE, 2);
    canvas_put(canvas, style, " %s ", rights);
    canvas_put(canvas, CANVAS_PLAIN, "%s, %s", kind_name(region), page_size_text(size, region->length));
    if (region->file_length != 0) {
        canvas_column(canvas, 52);
        canvas_put(canvas, CANVAS_FAINT, "file %" PRIx64 "+%" PRIx64, region->file_offset, region->file_length);
    }
    canvas_put(canvas, CANVAS_PLAIN, "\n");
}

static void draw_gap(struct canvas *canvas, uint64_t start, uint64_t end, const struct libexec_layout *layout) {
    char size[32];

    canvas_column(canvas, 22);
    canvas_put(canvas, CANVAS_FAINT, "free, %s", page_size_text(size, end - start));
    if (layout->mmap_top > start && layout->mmap_top <= end)
        canvas_put(canvas, CANVAS_FAINT, "; mmap grows down from %" PRIx64, layout->mmap_top);
    if (layout->brk_start >= start && layout->brk_start < end)
        canvas_put(canvas, CANVAS_PLAIN, "; brk grows up from %" PRIx64, layout->brk_start);
    canvas_put(canvas, CANVAS_PLAIN, "\n");
}

void page_space(struct canvas *canvas, const struct libexec_kit_image *image) {
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);
    const struct libexec_region *regions;
    const uint32_t count = libexec_kit_image_regions(image, &regions);

    page_heading(canvas, "Address space, from high to low");
    for (uint32_t i = count; i > 0; i--) {
        const struct libexec_region *const region = &regions[i - 1];
        const uint64_t end = region->address + region->length;
        const uint64_t above = i < count ? regions[i].address : end;
        if (end < above)
            draw_gap(canvas, end, above, layout);
        if (end < above || i == count)
            draw_edge(canvas, end);
        draw_region(canvas, region);
        draw_edge(canvas, region->address);
    }
    canvas_put(canvas, CANVAS_PLAIN, "  brk starts at %" PRIx64 ", the mmap area ends at %" PRIx64 "\n",
               layout->brk_start, layout->mmap_top);
}
