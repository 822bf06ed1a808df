"""An import contract that lists what may be imported from outside, beside the standard library."""

import sys
from typing import cast

import grimp
from importlinter import Contract, ContractCheck, fields, output


class OnlyPackages(Contract):
    """`modules` import nothing from outside this repository but the standard library and `packages`.

    A list of what is allowed also refuses the library that nobody has thought of yet.
    """

    type_name = "only"

    modules = fields.ListField(subfield=fields.StringField())
    packages = fields.ListField(subfield=fields.StringField())

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        """Look at direct imports: what an allowed package imports is its own business."""
        del verbose
        # The metaclass puts the parsed lists where the fields are declared.
        modules, packages = cast("list[str]", self.modules), cast("list[str]", self.packages)
        allowed = {*packages, *sys.stdlib_module_names}
        refused = [
            (importer, imported)
            for room in modules
            for importer in sorted({room} | graph.find_descendants(room))
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if graph.is_module_squashed(imported) and imported.partition(".")[0] not in allowed
        ]
        return ContractCheck(kept=not refused, metadata={"refused": refused})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name every refused import."""
        for importer, imported in check.metadata["refused"]:
            output.print_error(f"{importer} is not allowed to import {imported}", bold=True)
