# SPDX-License-Identifier: MIT
# The figures that are gated: what was measured, what is aimed at, and what must hold at least.

from results import ARGUMENT_SETS

KIB = 1024

# Limits that are not held yet, and what the figure must not exceed until they are: `--gate` fails for them, `--ratchet`
# only where they get worse. docs/performance.md says why they are missed.
NOT_YET = {
    ".text at -Os without rodata, all but dump": 19414,
    ".text at -Os, configuration for static programs only": 17355,
}
FLAT_PROGRAMS = ("text", "debug", "bss")


class Figure:
    """One row of the table of targets. `better` says whether less or more is better."""

    def __init__(self, name, value, aim, least, unit="", better="less", note=""):
        self.name, self.value, self.aim, self.least = name, value, aim, least
        self.unit, self.better, self.note = unit, better, note

    def holds(self, limit):
        if limit is None:
            return True
        return self.value <= limit if self.better == "less" else self.value >= limit

    def holds_ratchet(self):
        return self.holds(self.least) or self.holds(NOT_YET.get(self.name, self.least))

    def verdict(self):
        if not self.holds(self.least):
            return "MISSED"
        return "aim met" if self.holds(self.aim) else "held"


def over(results, figure, floor, pairs):
    """The worst excess over a floor, and where."""
    rows = []
    for flavour in ("every", "cow"):
        for pair in pairs:
            difference = results.case(flavour, *pair)[figure] - results.case(floor, *pair)[figure]
            rows.append((difference, f"{pair[0]}, {pair[1]}, {flavour}"))
    return max(rows)


def copied_by_arguments(results):
    rows = []
    for name in ARGUMENT_SETS:
        pair = "one", name
        for flavour in ("every", "cow"):
            # The library must copy the caller's pointer arrays to read them; the floor only looks at their pages.
            case = results.case(flavour, *pair)
            copied = case["copied"] - case["vectors"]
            rows.append((copied - results.case("floor-cow", *pair)["copied"], f"one, {name}, {flavour}"))
    return max(rows)


def required_excess(results):
    rows = []
    for pair in results.pairs():
        case = results.case("required", *pair)
        allowed = results.loadable[pair[0]] + case["strings"] + case["vectors"]
        rows.append((case["copied"] - allowed, f"{pair[0]}, {pair[1]}"))
    return max(rows)


def flat(results, figure):
    small = results.case("every", "small", "small")[figure]
    return max((results.case("every", name, "small")[figure], name) for name in FLAT_PROGRAMS)[0], small


def callback_figures(results, small_set, sets):
    def both(pair):
        return results.case("every", *pair)["callbacks"], results.case("floor-lazy", *pair)["callbacks"]

    difference = max((both(pair)[0] - both(pair)[1], pair[0]) for pair in small_set)
    ratio = max((both(pair)[0] / both(pair)[1], pair[1]) for pair in sets if pair[1] != "none")
    return [
        Figure("callbacks over the lazy floor, small set, worst", difference[0], 4, 12, "+", note=difference[1]),
        Figure("callbacks over the lazy floor, argument sets, worst", ratio[0], 1.1, 1.5, "x", note=ratio[1]),
    ]


def instruction_figures(results, small_set):
    mean = results.ratio("instructions", "every", "floor-lazy", small_set)
    small = results.case("every", "one", "small")["instructions"]
    thousand = results.case("every", "one", "1000x100")["instructions"]
    long_one = results.case("every", "one", "131071")["instructions"]
    flat_most, flat_small = flat(results, "instructions")
    flat_name = "56 MiB, debug-heavy, 64 MiB bss against small data"
    callbacks_most, callbacks_small = flat(results, "callbacks")
    return [
        Figure("library instructions over the lazy floor, small set, geometric mean", mean, 1.6, 2.5, "x"),
        Figure("instructions per argument string of 100 bytes", (thousand - small) / 997, 100, 150),
        Figure("instructions per byte of a long string", (long_one - small) / 131072, 0.8, 1.5),
        Figure(f"{flat_name}: instructions", flat_most / flat_small, 1.03, 1.10, "x"),
        Figure(f"{flat_name}: callbacks", callbacks_most - callbacks_small, 1, 2, "+"),
    ]


def memory_figures(results, small_set, pairs):
    copied, copied_where = over(results, "copied", "floor-cow", small_set)
    by_arguments, by_arguments_where = copied_by_arguments(results)
    zeroed, zeroed_where = over(results, "zeroed", "floor-cow", pairs)
    private, private_where = over(results, "private", "floor-cow", pairs)
    stack = max((case["stack"], f"{key[1]}, {key[2]}, {key[0]}") for key, case in results.cases.items())
    heap = max(case["heap"] for key, case in results.cases.items() if key[0] in ("every", "cow", "required"))
    return [
        Figure("bytes copied over the copy-on-write floor, small set, worst", copied, 2048, 4096, note=copied_where),
        Figure("the same for the argument sets, pointer arrays apart", by_arguments, 2048, 4096,
               note=by_arguments_where),
        Figure("bytes zeroed over the copy-on-write floor, worst", zeroed, 4 * KIB, 8 * KIB, note=zeroed_where),
        Figure("private pages over the copy-on-write floor, worst", private, 0, 2, note=private_where),
        Figure("heap bytes", heap, 0, 0),
        Figure("functions needed beside memcpy, memmove, memset, memcmp", int(results.text_sizes["undefined"]), 0, 0),
        Figure("stack high-water, callbacks excluded", stack[0], 1024, 1536, " B", note=stack[1]),
    ]


def refusal_figures(results):
    maps = max((row["maps"], row["name"]) for row in results.malformed)
    reads = max((row["reads"], row["name"]) for row in results.malformed)
    return [
        Figure(f"refusing {len(results.malformed) // 2} malformed programs: maps", maps[0], 0, 0),
        Figure("refusing malformed programs: reads, worst", reads[0], 2, 4, note=reads[1]),
    ]


def naive_figures(results, small_set):
    # Over the programs: with arguments alone every loader copies the same strings.
    def figure(name, key, aim, least):
        mean = results.ratio(key, "naive", "every", small_set)
        return Figure(f"naive / libexec, geometric mean: {name}", mean, aim, least, "x", "more")

    return [figure("callbacks", "callbacks", 600, 300), figure("instructions", "instructions", 30, 20),
            figure("bytes copied", "copied", 900, 500)]


def fault_figures(results):
    single = [row for row in results.faults if not row["kind"].endswith("-16") and row["faults"] > 0]
    instructions = max((row["instructions"] / row["faults"], f"{row['program']}, {row['kind']}") for row in single)
    calls = max((row["calls"] / row["faults"], f"{row['program']}, {row['kind']}") for row in single)
    return [
        Figure("a page fault answered from the plan: instructions, worst kind of page", instructions[0], 75, 120,
               note=instructions[1]),
        Figure("a page fault answered from the plan: callbacks", calls[0], 1, 1, note=calls[1]),
    ]


def size_figures(results):
    return [
        Figure(".text at -Os without rodata, all but dump", int(results.text_sizes["all"]), 10 * KIB, 16 * KIB, " B"),
        Figure(".text at -Os, configuration for static programs only", int(results.text_sizes["static"]), 5 * KIB,
               8 * KIB, " B"),
    ]


def translates(results, pair):
    """Translates a page written. A page of pointers counts twice: pointers are fetched once, to where the addresses of
    their strings replace them later, because what was counted must be what is used."""
    case = results.case("required", *pair)
    second_visits = case["vectors"] // 4096
    return case["translate"] / (case["opened"] + second_visits), f"{pair[0]}, {pair[1]}"


def required_figures(results, small_set, sets):
    small, small_where = max(translates(results, pair) for pair in small_set)
    many, many_where = max(translates(results, pair) for pair in sets)
    excess, where = required_excess(results)
    return [
        Figure("required members only: translates a page written, small set", small, None, 1, note=small_where),
        Figure("the same for the argument sets, pages of pointers twice", many, None, 1, note=many_where),
        Figure("required members only: bytes copied beyond loadable bytes and arguments", excess, None, 8 * KIB,
               note=where),
    ]


def large_page_figures(results):
    # Where the program was linked for them. Others are placed as Linux places them, at any page.
    rows = [row for row in results.large_pages if row["alignment"] >= 2 << 20]
    possible = sum(row["possible"] for row in rows)
    mappable = sum(row["mappable"] for row in rows)
    return [Figure("share of the whole 2 MiB read-only runs that stay mappable", 100 * mappable / possible, 100, 100,
                   " %", "more", f"{mappable} of {possible}")]


def floor_figures(comparisons):
    worst = max((abs(measured / reference - 1), f"{program}, {arguments}: {name}")
                for program, arguments, name, reference, measured in comparisons)
    return [Figure("this floor against the reference floor, worst difference", 100 * worst[0], None, 10, " %",
                   note=worst[1])]


def figures(results, comparisons):
    small_set = [(program, "small") for program in results.programs()]
    pairs = results.pairs()
    sets = [pair for pair in pairs if pair[1] != "small"]
    memory = memory_figures(results, small_set, pairs)
    return (memory[:2] + callback_figures(results, small_set, sets) + instruction_figures(results, small_set) +
            memory[2:] + refusal_figures(results) + naive_figures(results, small_set) + fault_figures(results) +
            size_figures(results) + required_figures(results, small_set, sets) + large_page_figures(results) +
            floor_figures(comparisons))
