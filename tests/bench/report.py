# SPDX-License-Identifier: MIT
"""Turns the benchmark's raw output into a table on the terminal, docs/performance.md and its plot.

usage: report.py FOLDER OUTPUT_FOLDER [--gate | --ratchet]

FOLDER holds counts.tsv, callgrind/ and sizes.txt, as tools/bench.sh leaves them. With --gate the exit status is 1 when
a gated figure is missed, or a program that the figures need is not installed. With --ratchet a figure that stands in
targets.NOT_YET may miss its limit, as long as it is no worse than it says there.
"""

import pathlib
import sys

import plot
import reasons
import reference
import targets
from results import ARGUMENT_SETS, Results, of_the_library

PROGRAM_TEXT = {
    "one": "one page, static", "small": "small data and bss", "text": "56 MiB of text and rodata",
    "text-pie": "12 MiB of text and rodata, PIE", "debug": "1 MiB loadable, 59 MiB debug sections", "bss": "64 MiB bss",
    "tls": "1 MiB PT_TLS", "busybox": "busybox-static", "bash-static": "bash-static",
    "ldconfig": "ldconfig, a static PIE", "gdb": "gdb with its loader",
}
SET_TEXT = {
    "none": "none", "1000x100": "1000 of 100 bytes", "131071": "one of 131,071 bytes", "2MiB/256": "2 MiB in 256",
    "20000": "20,000, 2 MB",
}


def number(value):
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}" if abs(value) >= 10 else f"{value:.3f}"
    return f"{value:,}"


def with_unit(value, unit):
    return f"+{number(value)}" if unit == "+" and value is not None else number(value) + unit


def ratio(value, floor):
    if not floor:
        return "-"
    return f"{value / floor:,.0f}" if value / floor >= 100 else f"{value / floor:,.2f}"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def limit_text(figure, limit):
    if limit is None:
        return "-"
    sign = "at most" if figure.better == "less" else "at least"
    return f"{sign} {with_unit(limit, figure.unit)}"


def targets_table(figures):
    rows = []
    for figure in figures:
        place = f" ({figure.note})" if figure.note else ""
        rows.append((figure.name + place, with_unit(figure.value, figure.unit), limit_text(figure, figure.aim),
                     limit_text(figure, figure.least), figure.verdict()))
    return table(("figure", "measured", "aim", "limit", ""), rows)


def reasons_text(figures):
    missed = [figure for figure in figures if not figure.holds(figure.aim)]
    if not missed:
        return "Every aim is met.\n"
    lines = []
    for figure in missed:
        aim = limit_text(figure, figure.aim)
        lines.append(f"- **{figure.name}**: {with_unit(figure.value, figure.unit)} where {aim} was aimed at. "
                     f"{reasons.why(figure.name)}")
    return "\n".join(lines) + "\n"


def compared(results, pair, figure, floor):
    library = results.case("every", *pair)[figure]
    least = results.case(floor, *pair)[figure]
    naive = results.case("naive", *pair)[figure]
    return [number(library), number(least), ratio(library, least), number(naive), ratio(naive, max(library, 1))]


def comparison_table(results, pairs, names, figure, floor):
    header = ("", "libexec", floor, "libexec / floor", "naive", "naive / libexec")
    return table(header, [[names[key], *compared(results, pair, figure, floor)] for key, pair in pairs])


COMPARED = (
    ("Callbacks", "callbacks", "floor-lazy"),
    ("Instructions", "instructions", "floor-lazy"),
    ("Bytes copied", "copied", "floor-cow"),
    ("Bytes zeroed", "zeroed", "floor-cow"),
    ("Private pages", "private", "floor-cow"),
)


def comparisons_text(results):
    programs = [(program, (program, "small")) for program in results.programs()]
    sets = [(name, ("one", name)) for name in ARGUMENT_SETS]
    parts = []
    for title, figure, floor in COMPARED:
        parts.append(f"### {title}\n\nPrograms, started with 3 arguments and 24 environment strings:\n")
        parts.append(comparison_table(results, programs, PROGRAM_TEXT, figure, floor))
        parts.append("Arguments of the one-page program:\n")
        parts.append(comparison_table(results, sets, SET_TEXT, figure, floor))
    return "\n".join(parts)


KINDS = ("open", "read", "file_view", "file_view_release", "close", "image_known", "space", "map", "map_many",
         "translate", "view_end", "user", "control_block")


def kinds_table(results, loader):
    rows = []
    for pair in results.pairs():
        case = results.case(loader, *pair)
        rows.append([f"{pair[0]}, {pair[1]}", *(number(case[kind]) for kind in KINDS), number(case["callbacks"]),
                     number(case["operations"]), number(case["shared"]), number(case["stack"])])
    header = ("", *(kind.replace("_", " ") for kind in KINDS), "sum", "map operations", "shared pages", "stack")
    return table(header, rows)


def flavours_table(results):
    rows = []
    for pair in results.pairs():
        for loader in ("every", "cow", "required"):
            case = results.case(loader, *pair)
            rows.append([f"{pair[0]}, {pair[1]}", loader, *(number(case[key]) for key in (
                "callbacks", "instructions", "copied", "zeroed", "private", "translate", "opened", "stack"))])
    return table(("", "host", "callbacks", "instructions", "bytes copied", "bytes zeroed", "private pages",
                  "translates", "pages they showed", "stack"), rows)


def faults_table(results):
    rows = []
    for row in results.faults:
        if row["faults"] > 0:
            rows.append([f"{row['program']}, {row['kind']}", number(row["regions"]), number(row["faults"]),
                         number(row["instructions"] / row["faults"]), number(row["calls"] / row["faults"])])
    for row in results.floor_faults:
        rows.append([f"floor: {row['program']}, around {row['around']}", "-", number(row["faults"]),
                     number(row["instructions"] / row["faults"]), "1.00"])
    return table(("", "regions", "faults", "instructions a fault", "callbacks a fault"), rows)


def profile_table(results, label, rows=16):
    dump = results.dumps[label]
    total = dump.instructions(of_the_library)
    lines = [(f"`{function}`", number(cost), f"{100 * cost / total:.1f} %")
             for cost, function in dump.profile(of_the_library)[:rows]]
    return table(("function", "instructions", "share"), lines)


def reference_table(comparisons):
    rows = [(f"{program}, {arguments}", name, number(expected), number(measured),
             f"{100 * (measured / expected - 1):+.1f} %")
            for program, arguments, name, expected, measured in comparisons]
    return table(("", "figure", "reference", "here", ""), rows)


def malformed_table(results):
    rows = [(row["name"], f"`{row['status']}`", number(row["reads"]), number(row["maps"]))
            for row in results.malformed if row["host"] == "every"]
    return table(("field", "status", "reads", "maps"), rows)


def large_pages_table(results):
    rows = [(PROGRAM_TEXT[row["program"]], number(row["alignment"]), number(row["possible"]), number(row["mappable"]))
            for row in results.large_pages if row["possible"] > 0]
    return table(("program", "p_align", "whole 2 MiB runs of the file", "mappable"), rows)


def sizes_list(results):
    prefix = "source:"
    return "".join(f"- {name[len(prefix):]}: {number(int(size))} bytes\n"
                   for name, size in results.text_sizes.items() if name.startswith(prefix))


def page(results, figures, comparisons):
    template = (pathlib.Path(__file__).parent / "performance.md.in").read_text()
    parts = {
        "TARGETS": targets_table(figures), "REASONS": reasons_text(figures), "COMPARISONS": comparisons_text(results),
        "KINDS": kinds_table(results, "every"), "FLAVOURS": flavours_table(results), "FAULTS": faults_table(results),
        "PROFILE": profile_table(results, "case every busybox small"),
        "PROFILE_ARGUMENTS": profile_table(results, "case every one 1000x100", 8),
        "REFERENCE": reference_table(comparisons), "MALFORMED": malformed_table(results),
        "LARGE_PAGES": large_pages_table(results),
        "SIZES": sizes_list(results),
        "STATIC_SIZE": number(int(results.text_sizes["static"])), "SIZE": number(int(results.text_sizes["all"])),
        "COMPILER": results.compiler,
    }
    for name, text in parts.items():
        template = template.replace(f"@{name}@", text.rstrip("\n"))
    return template


def print_terminal(results, figures):
    width = max(len(figure.name) for figure in figures)
    print(f"\n{'figure':{width}}  {'measured':>12}  {'aim':>10}  {'limit':>10}")
    for figure in figures:
        place = f"  ({figure.note})" if figure.note and not figure.holds(figure.aim) else ""
        print(f"{figure.name:{width}}  {with_unit(figure.value, figure.unit):>12}  {number(figure.aim):>10}  "
              f"{number(figure.least):>10}  {figure.verdict()}{place}")
    print(f"\n{'':24} {'callbacks':^30} {'instructions':^40} {'bytes copied':^42}")
    heads = ("libexec", "floor", "naive")
    print(f"{'':24} " + " ".join(f"{head:>9}" for head in heads) + " ".join(["", *(f"{head:>12}" for head in heads)]) +
          " ".join(["", *(f"{head:>13}" for head in heads)]))
    for pair in results.pairs():
        line = f"{pair[0] + ', ' + pair[1]:24} "
        for (_, figure, floor), size in zip(COMPARED[:3], (9, 12, 13)):
            values = (results.case(loader, *pair)[figure] for loader in ("every", floor, "naive"))
            line += " ".join(f"{number(value):>{size}}" for value in values) + " "
        print(line)


def main(arguments):
    folder, output, *options = arguments
    results = Results(folder)
    comparisons = list(reference.comparisons(results))
    figures = targets.figures(results, comparisons)
    print_terminal(results, figures)
    output = pathlib.Path(output)
    output.mkdir(parents=True, exist_ok=True)
    (output / "performance.md").write_text(page(results, figures, comparisons))
    (output / "performance.svg").write_text(plot.draw(results, PROGRAM_TEXT))
    missed = [figure.name for figure in figures if not figure.holds(figure.least)]
    for name in results.missing:
        print(f"bench: {name} is not installed; its figures are missing")
    for name in missed:
        print(f"bench: limit missed: {name}")
    print(f"bench: {len(figures) - len(missed)} of {len(figures)} limits held, "
          f"{sum(figure.holds(figure.aim) for figure in figures)} aims met")
    if "--ratchet" in options:
        worse = [figure.name for figure in figures if not figure.holds_ratchet()]
        print("bench: " + (f"worse than before: {', '.join(worse)}" if worse else "no figure is worse than before"))
        missed = worse
    gated = "--gate" in options or "--ratchet" in options
    return 1 if gated and (missed or results.missing) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
