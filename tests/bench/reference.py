# SPDX-License-Identifier: MIT
# The floor as it was counted once, on another fake kernel with another floor loader. Where the program is the same to
# the byte, the figures of this benchmark's floor must lie within a tenth of these; else one of both measures the
# wrong thing.

TOLERANCE = 0.10

# Sizes of the files that were meant. The generated program "one" is a page whatever its size.
SIZES = {"busybox": 1982256, "bash-static": 2340656, "gdb": 10395104}

# (program, arguments): callbacks eager, cow, lazy; instructions lazy; bytes copied eager, cow; private pages eager,
# cow
FLOOR = {
    ("one", "small"): (10, 10, 8, 2532, 1499, 1499, 2, 2),
    ("busybox", "small"): (16, 18, 10, 2956, 40215, 3351, 20, 4),
    ("bash-static", "small"): (16, 18, 10, 2996, 75107, 5475, 39, 4),
    ("gdb", "small"): (21, 24, 11, 3351, 949087, 2911, 266, 5),
    ("one", "1000x100"): (43, 43, 41, 70493, 102491, 102491, 29, 29),
    ("one", "131071"): (44, 44, 42, 3925, 132563, 132563, 34, 34),
    ("one", "2MiB/256"): (550, 550, 548, 42459, 2082259, 2082259, 510, 510),
    ("one", "20000"): (666, 666, 664, 1366942, 2011491, 2011491, 532, 532),
}

COLUMNS = (
    ("callbacks, eager", "floor-eager", "callbacks"),
    ("callbacks, copy-on-write", "floor-cow", "callbacks"),
    ("callbacks, lazy", "floor-lazy", "callbacks"),
    ("instructions, lazy", "floor-lazy", "instructions"),
    ("bytes copied, eager", "floor-eager", "copied"),
    ("bytes copied, copy-on-write", "floor-cow", "copied"),
    ("private pages, eager", "floor-eager", "private"),
    ("private pages, copy-on-write", "floor-cow", "private"),
)


def comparisons(results):
    """Gives (program, arguments, figure, reference, measured) for every figure that can be compared here."""
    for (program, arguments), figures in FLOOR.items():
        if program in SIZES and results.sizes.get(program) != SIZES[program]:
            continue
        for (name, loader, key), reference in zip(COLUMNS, figures):
            yield program, arguments, name, reference, results.case(loader, program, arguments)[key]
