"""outturn: what outsourced public services delivered, what they owe, what they cost.

Files arrive, are archived and loaded by their contracts, checked, modelled by dbt and
published by a swap. This package moves files and wires things; the figures are SQL in
`dbt_project/`.
"""
