# SPDX-License-Identifier: Apache-2.0
"""What the BPF sources say about themselves: hooks, stages, answers and maps.

Read by draw_packet_path.py and check_stage_order.py, from the top of the tree.
The sources are regular enough for patterns; what no longer matches is an error
there, not silence.
"""
import dataclasses
import os
import pathlib
import re

os.chdir(pathlib.Path(__file__).resolve().parent.parent)


@dataclasses.dataclass
class Source:
    path: pathlib.Path
    name: str      # "from_pod", "parse"
    number: int    # of a stage; 0 otherwise
    text: str
    summary: str   # what its first comment says after the dash
    price: str     # the comment's sentences from "Price" on; may be empty


@dataclasses.dataclass
class Call:
    function: str
    number: int     # by the file that defines it
    commented: int  # by the comment beside the call; None if it names none


def first_comment(text):
    """The first block comment that is not the licence, without its stars."""
    for body in re.findall(r"/\*(.*?)\*/", text, re.S):
        if "SPDX" in body:
            continue
        lines = [re.sub(r"^\s*\* ?", "", line).rstrip() for line in body.splitlines()]
        return "\n".join(lines).strip()
    raise SystemExit("a source without a reason")


def sentence(text):
    return " ".join(text.split())


def read(path):
    text = path.read_text()
    comment = first_comment(text)
    match = re.match(r"(?:(\d+) )?(\w+) — (.*?)(?:\n\n|$)", comment, re.S)
    if not match:
        raise SystemExit(f"{path}: its comment does not begin with 'name — what it is for'")
    price = re.search(r"\b(Price\b.*?)(?:\n\n|\Z)", comment, re.S)
    return Source(path, match.group(2), int(match.group(1) or 0), text,
                  sentence(match.group(3)), sentence(price.group(1)) if price else "")


def enumerators(path, name):
    """The names of an enum, without the one that counts them."""
    text = re.sub(r"/\*.*?\*/", "", pathlib.Path(path).read_text(), flags=re.S)
    body = re.search(rf"enum {name} {{(.*?)}};", text, re.S).group(1)
    return [each for each in re.findall(r"\w+", body) if not each.endswith("_COUNT")]


def hooks():
    # In the order in which packets of a pod meet them: enum hook.
    order = [name.removeprefix("HOOK_").lower()
             for name in enumerators("maps/abi/verdict_abi.h", "hook")]
    found = {path.name.split(".")[0]: path for path in pathlib.Path("bpf/hooks").glob("*.bpf.c")}
    if sorted(found) != sorted(order):
        raise SystemExit(f"bpf/hooks has {sorted(found)}, enum hook has {sorted(order)}")
    return [read(found[name]) for name in order]


def stages():
    return [read(path) for path in sorted(pathlib.Path("bpf/path").glob("*.h"))]


def answers():
    return [read(path) for path in sorted(pathlib.Path("bpf/answers").glob("*.bpf.c"))]


def stage_of_function(hook):
    """Function name -> stage number, over all stages and the hook's own."""
    numbers = {}
    for stage in stages():
        for name in re.findall(r"^(?:__stage|__always_inline static int|static __always_inline int) "
                               r"(\w+)\(", stage.text, re.M):
            numbers[name] = stage.number
    # A hook may have a stage of its own; its name begins with the stage's.
    by_name = {stage.name: stage.number for stage in stages()}
    for kind, name in re.findall(r"^(__stage|static __always_inline int) (\w+)\(", hook.text, re.M):
        stage = name.split("_")[0]
        if kind == "__stage" or stage in by_name:
            numbers[name] = by_name[stage]
    return numbers


def stage_calls(hook):
    """The calls of the walk, in order, with deliver() or let_pass() at its end."""
    walk = re.search(r"enum verdict verdict =(.*?)\n\n\treturn (.*?)\n}", hook.text, re.S)
    if not walk:
        return []
    numbers = stage_of_function(hook)
    calls = []
    for line in (walk.group(1) + "\n" + walk.group(2)).splitlines():
        match = re.search(r"(\w+)\(skb", line)
        if not match:
            continue
        if match.group(1) not in numbers:
            raise SystemExit(f"{hook.path}: {match.group(1)}() is defined in no stage")
        said = re.search(r"/\* (\d+)\b", line)
        calls.append(Call(match.group(1), numbers[match.group(1)],
                          int(said.group(1)) if said else None))
    return calls


@dataclasses.dataclass
class Map:
    stem: str        # "services"
    per_family: bool
    type: str        # "hash", "percpu_array"
    entries: int     # as declared; the daemon may choose others
    key: str
    value: str
    written: str     # the four lines above the declaration
    read: str
    lives: str
    header: str
    used_in: list    # files below bpf/ that name it

    def names(self):
        return [self.stem + digit for digit in "46"] if self.per_family else [self.stem]


def constants():
    """Numbers that declarations of maps use."""
    numbers = {}
    for path in ("maps/abi/limits_abi.h", "maps/abi/verdict_abi.h",
                 "maps/service/service_port_abi.h"):
        text = pathlib.Path(path).read_text()
        for name, value in re.findall(r"^#define\s+(\w+)\s+(\d+|\([\w *+()]+\))\s*(?:/\*|$)", text, re.M):
            numbers[name] = value
    numbers["HOOK_COUNT"] = str(len(hooks()))
    numbers["TAIL_SLOT_COUNT"] = str(len(enumerators("maps/abi/tail_slot_abi.h", "tail_slot")))
    return numbers


def evaluate(expression, numbers):
    while re.search(r"[A-Z_a-z]", expression):
        name = re.search(r"[A-Za-z_]\w*", expression).group(0)
        if name not in numbers:
            raise SystemExit(f"{name} is a number that bpf_sources.py does not know")
        expression = re.sub(rf"\b{name}\b", f"({numbers[name]})", expression)
    return eval(expression)  # digits, brackets, * and + only


def users(stem):
    pattern = re.compile(rf"&(?:FAMILY\({stem}\)|{stem}\b)")
    return [path.name.split(".")[0] for path in sorted(pathlib.Path("bpf").glob("*/*.[ch]"))
            if pattern.search(path.read_text()) and not path.name.endswith(".bpf.h")]


def maps():
    numbers = constants()
    found = []
    for header in sorted(list(pathlib.Path("maps").glob("*/*.bpf.h")) +
                         list(pathlib.Path("bpf/verdict").glob("*.bpf.h"))):
        text = header.read_text()
        for comment, body, name in re.findall(
                r"(/\*(?:(?!\*/).)*\*/\n)?struct {\n(.*?)\n} (\S+) SEC\(\"\.maps\"\);", text, re.S):
            facts = dict(re.findall(r"(Written by|Read by|Lives):\s+(.*?)(?=\n \* (?:Written|Read|Lives)|\n? \*/)",
                                    comment, re.S))
            facts = {key: sentence(re.sub(r"\n \*", " ", value)) for key, value in facts.items()}
            missing = {"Written by", "Read by", "Lives"} - facts.keys()
            if missing:
                raise SystemExit(f"{header}: {name} does not say: {', '.join(sorted(missing))}")
            per_family = name.startswith("FAMILY(")
            stem = name[len("FAMILY("):-1] if per_family else name
            types = dict(re.findall(r"__type\((\w+), (.*?)\);", body))
            entries = re.search(r"__uint\(max_entries, (.*?)\);", body).group(1)
            found.append(Map(stem, per_family,
                             re.search(r"BPF_MAP_TYPE_(\w+)", body).group(1).lower(),
                             evaluate(entries, numbers), plain(types.get("key", "")),
                             plain(types["value"]), facts["Written by"], facts["Read by"],
                             facts["Lives"], str(header), users(stem)))
    return found


def plain(c_type):
    c_type = re.sub(r"struct FAMILY\((\w+)\)", r"\1", c_type)
    return re.sub(r"^struct ", "", c_type).replace("__u32", "u32")
