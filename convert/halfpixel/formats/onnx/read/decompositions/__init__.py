"""Resizes that exporters write in other operators, and the grids of F.affine_grid."""
