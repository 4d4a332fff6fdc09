// SPDX-License-Identifier: MIT
// Reads the PVH start info.

#include "start_info.h"

#include "console.h"
#include "pages.h"
#include "string.h"

#define START_INFO_MAGIC 0x336ec578
#define MEMORY_TYPE_RAM  1

struct pvh_start_info {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command_line, acpi;
    uint64_t memory_map; // from version 1 on
    uint32_t memory_map_entries, reserved;
};

struct pvh_module {
    uint64_t address, size, command_line, reserved;
};

struct pvh_memory {
    uint64_t address, size;
    uint32_t type, reserved;
};

void start_info_read(uint64_t physical, struct start_info *info) {
    const struct pvh_start_info *const pvh = physical_view(physical);
    if (pvh->magic != START_INFO_MAGIC || pvh->version < 1) {
        panic("no PVH start info with a memory map at %lx", physical);
    }
    if (pvh->command_line != 0 &&
        !string_copy(info->command_line, sizeof info->command_line, physical_view(pvh->command_line))) {
        panic("the command line is longer than %d bytes", COMMAND_LINE_LIMIT - 1);
    }
    if (pvh->module_count > 0) {
        const struct pvh_module *const module = physical_view(pvh->modules);
        info->archive = module->address;
        info->archive_size = module->size;
    }
    const struct pvh_memory *const map = physical_view(pvh->memory_map);
    for (uint32_t i = 0; i < pvh->memory_map_entries; i++) {
        if (map[i].type == MEMORY_TYPE_RAM && info->memory_range_count < MEMORY_RANGE_LIMIT) {
            info->memory_ranges[info->memory_range_count++] =
                (struct memory_range){.start = map[i].address, .end = map[i].address + map[i].size};
        }
    }
}
