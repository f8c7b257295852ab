"""The rooms of the house: what the laws are checked against. Who adds or moves a room changes a row here."""

from collections.abc import Mapping

WINGS = ("spec", "reconcile", "cloud")
GROUND = (
    *("resources", "work", "desired", "configurations", "machines"),
    *(
        "rules",
        "rest",
        "cloud_answers",
        "sights",
        "frozen",
        "retirements",
        "vm_sizes",
        "vm_abilities",
        "errors",
        "clock",
        "sensitive",
    ),
)

ONLY_IN: Mapping[str, tuple[str, ...]] = {
    "azure": ("cloud", "testing/account.py"),
    "yaml": ("spec/reading/compose.py", "render/tables.py", "importing/writing.py"),
    "jsonschema": ("spec/reading/check.py",),
    "regex": ("spec/fanout/group_patterns.py",),
    "jwt": ("emulator/identity",),
    "rich": ("render", "cli"),
    "typer": ("cli",),
    "cryptography": ("emulator/identity", "local/authority.py"),
    "subprocess": ("cli/checkout.py", "cli/ssh.py", "emulator", "local"),
}
"""What -> where it may be imported: a folder, or a file."""

PURE = (
    *("reconcile/plan.py", "reconcile/decide", "reconcile/kept"),
    *("spec/resolve.py", "spec/tasks.py", "spec/moulds.py", "spec/fanout", "spec/template.py"),
)
"""Where everything has to say that it is pure."""

MAY_SAY_LOCAL = ("cloud/connect.py", "local", "opening/target.py", "cli", "emulator", "testing", "__main__.py")
NO_NAME = ("utils", "util", "helpers", "helper", "common", "base", "manager")
KINDS = ("Container", "Blob", "Pool", "Job", "Schedule", "Task")
MOST_MODULES = 25
NO_TYPING = ("emulator",)
"""Folders without an import for a type checker alone."""

OTHERS = "*"
"""In ORDER: the modules that stand in the folder itself and that no other row names."""

SPEAKS_OF_PATTERNS = ("spec/reading/ecma.py",)
"""Reads patterns of JSON schema, and says what `\\d` means there."""

ORDER: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "": (
        ("__main__",),
        ("cli", "library"),
        ("render", "verbs", "testing", "importing", "opening"),
        ("spec", "reconcile", "cloud", "local", "emulator"),
        (OTHERS,),
    ),
    "spec": (
        ("load",),
        ("resolve",),
        ("tasks",),
        ("moulds",),
        ("reading", "outside"),
        ("fanout",),
        ("filling",),
        (OTHERS,),
    ),
    "importing": (("kinds", "live"), ("shipyard", "extension", "terraform", "dsub"), ("rest",), (OTHERS,)),
    "reconcile": (("carry_out", "kept", "amend", "explain"), ("decide",), (OTHERS,)),
    "cloud": (
        ("connect",),
        ("azure_cloud", "expansion"),
        ("looks", "hands"),
        ("resources",),
        ("transfer", "lock"),
        ("marks",),
        ("clients",),
    ),
    "emulator": (
        *(("__main__",), ("api",), ("page",), ("life",)),
        *(("admission", "node"), ("wire", "formula", "identity"), (OTHERS,)),
    ),
}
"""Folder -> its rows from above to below. Who stands in a row imports from the rows below; folders of one row do not
know each other, modules of one row may."""
