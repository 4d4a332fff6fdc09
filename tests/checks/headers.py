# SPDX-License-Identifier: MIT
# Checks on the public headers: each stands alone in C17 and C++17, all names carry the prefix, and nothing is in them
# that a bindings generator stumbles over.

import re

from project import C_WARNINGS, Failure, WARNINGS, compilers, cxx_compilers, run

KEYWORDS = {"if", "while", "for", "switch", "return", "sizeof", "_Static_assert", "static_assert", "_Alignas"}


def alone(project):
    folder = project.fresh_folder("alone")
    languages = [("c", ["-std=c17", *C_WARNINGS], compilers()), ("c++", ["-std=c++17", *WARNINGS], cxx_compilers())]
    headers = project.installed_headers()
    for language, flags, tools in languages:
        if not tools:
            continue
        for header, name in headers:
            hosted_only = header.is_relative_to(project.root / "tests")
            unit = folder / f"{header.stem}.{language}"
            # Twice, so that a missing include guard shows.
            unit.write_text(f"#include <{name}>\n#include <{name}>\nextern int not_empty;\n")
            for tool in tools:
                for more in [[]] if hosted_only else [[], ["-ffreestanding"]]:
                    run([tool, "-x", language, *flags, *more, *project.include_flags(), "-fsyntax-only", unit])
        print(f"{len(headers)} headers alone, in {flags[0][5:]} under {', '.join(tools)}")


def without_comments(text):
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"//[^\n]*", "", text)
    return text.replace("\\\n", " ")


def top_level(text):
    """The text outside all braces, those of extern "C" not counted."""
    text = re.sub(r'extern\s+"C"\s*\{', "", text)
    outside, depth = [], 0
    for character in text:
        if character == "}":
            depth = max(depth - 1, 0)
        if depth == 0:
            outside.append(character)
        if character == "{":
            depth += 1
    return "".join(outside)


def declared_names(text):
    """Gives (kind, name) of everything a header declares at file scope."""
    text = without_comments(text)
    for name in re.findall(r"^\s*#\s*define\s+(\w+)", text, flags=re.M):
        yield "macro", name
    code = re.sub(r"^\s*#.*$", "", text, flags=re.M)
    code = re.sub(r"__attribute__\s*\(\(.*?\)\)|\b_Noreturn\b", "", code, flags=re.S)
    for name in re.findall(r"\b(?:struct|union|enum)\s+(\w+)", code):
        yield "tag", name
    for body in re.findall(r"\benum\b[^{;]*\{([^}]*)\}", code):
        for part in body.split(","):
            word = re.match(r"\s*(\w+)", part)
            if word:
                yield "enumerator", word[1]
    outside = top_level(code)
    for declaration in outside.split(";"):
        if declaration.lstrip(" \n{}").startswith("typedef"):
            pointer = re.search(r"\(\s*\*\s*(\w+)\s*\)", declaration)
            yield "type", pointer[1] if pointer else re.findall(r"\w+", declaration)[-1]
            continue
        function = re.search(r"(\w+)\s*\(", declaration)
        if function and function[1] not in KEYWORDS:
            yield "function", function[1]


def names(project):
    counts = {}
    for header, _ in project.installed_headers():
        for kind, name in declared_names(header.read_text()):
            counts.setdefault(kind, set()).add(name)
            wanted = "LIBEXEC_" if kind in ("macro", "enumerator") else "libexec_"
            if not name.startswith(wanted):
                raise Failure(f"{project.short(header)}: {kind} {name} does not begin with {wanted}")
    if not counts.get("function") or not counts.get("macro"):
        raise Failure("found no function or no macro: the check reads the headers wrongly")
    print(", ".join(f"{len(found)} {kind}s" for kind, found in sorted(counts.items())))
    check_shapes(project)


def check_shapes(project):
    unwanted = [(r"\binline\b", "an inline function"), (r"\w+\s*:\s*\d+\s*;", "a bit-field"),
                (r"\[\s*\]\s*;", "a flexible array"), (r"\b_Atomic\b", "an atomic"), (r"\.\.\.", "variable arguments")]
    for header, _ in project.installed_headers():
        text = without_comments(header.read_text())
        for pattern, what in unwanted:
            found = re.search(pattern, text)
            if found:
                raise Failure(f"{project.short(header)}: {what}: {found[0]}")
