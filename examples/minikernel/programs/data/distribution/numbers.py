#!/usr/bin/env -S python3 -I -S -B
"""Modules written in Python and, decimal's, in a shared object."""
import decimal
import json
import re

decimal.getcontext().prec = 50
print(json.dumps({"root": str(decimal.Decimal(2).sqrt()), "list": [1, None, "\u00e4"]}))
print(re.sub(r"(\w+) (\w+)", r"\2 \1", "execute programs"), 2**200, sum(1 / n for n in range(1, 1000)))
