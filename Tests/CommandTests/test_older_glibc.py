"""Hosts with glibc 2.34 (RHEL 9, Amazon Linux 2023) can run the programs, and unwinding still works there."""

import re
import subprocess

import pytest

from Support.fixtures import ROOT

# Walks up through two functions of its own, by the unwinder that asks _dl_find_object.
UNWINDS = """
#include <stdio.h>
#include <unwind.h>

static _Unwind_Reason_Code count(struct _Unwind_Context *context, void *frames) {
    (void)context;
    ++*(int *)frames;
    return _URC_NO_REASON;
}

__attribute__((noinline)) static int inner(void) {
    int frames = 0;
    _Unwind_Backtrace(count, &frames);
    return frames;
}

__attribute__((noinline)) static int outer(void) { return inner() + 0; }

int main(void) { printf("%d\\n", outer()); }
"""


@pytest.mark.parametrize("which", ["program", "controller"])
def test_no_symbol_is_newer(request, which):
    symbols = subprocess.run(["objdump", "-T", request.getfixturevalue(which)], check=True, capture_output=True, text=True).stdout
    versions = {tuple(map(int, found.split("."))) for found in re.findall(r"GLIBC_([\d.]+)\)", symbols)}
    assert (2, 17) < max(versions) <= (2, 34)


def test_the_unwinder_finds_its_tables(tmp_path):
    source, built = tmp_path / "unwinds.c", tmp_path / "unwinds"
    source.write_text(UNWINDS)
    subprocess.run(["gcc", "-O1", "-fno-optimize-sibling-calls", "-static-libgcc", "-o", built, source,
                    ROOT / "Sources/CFrames/older_glibc.c", "-lm"], check=True)
    asked = subprocess.run(["objdump", "-T", built], check=True, capture_output=True, text=True).stdout
    assert "_dl_find_object" not in asked
    assert int(subprocess.run([built], check=True, capture_output=True, text=True).stdout) >= 3
