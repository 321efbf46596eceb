"""The functions of the prelude that stand for operators: see `planners.program.prelude`."""

OPERATORS = {  # function: operator, and numpy's function
    "add_": ("+", "add"),
    "sub_": ("-", "subtract"),
    "mul_": ("*", "multiply"),
    "div_": ("/", "divide"),
    "floordiv_": ("//", "floor_divide"),
    "mod_": ("%", "remainder"),
    "pow_": ("**", "power"),
    "matmul_": ("@", "matmul"),
    "and_": ("&", "bitwise_and"),
    "or_": ("|", "bitwise_or"),
    "xor_": ("^", "bitwise_xor"),
    "lshift_": ("<<", "left_shift"),
    "rshift_": (">>", "right_shift"),
    "less_": ("<", "less"),
    "less_equal_": ("<=", "less_equal"),
    "greater_": (">", "greater"),
    "greater_equal_": (">=", "greater_equal"),
    "equal_": ("==", "equal"),
    "not_equal_": ("!=", "not_equal"),
}
COMPARED = [*OPERATORS][13:]
UNARY = {"neg_": ("-", "negative"), "invert_": ("~", "invert")}
GEOMETRIC = {  # operators that geometries have, too
    "sub_": "difference",
    "and_": "intersection",
    "or_": "union",
    "xor_": "symmetric_difference",
}
QUICK = (  # for rows of numbers at once, here; what numpy would make of a zero, it shall say
    ("add_", "+", "", ""),
    ("sub_", "-", "", ""),
    ("mul_", "*", "", ""),
    ("div_", "/", " and b", " and False"),
)
GEOMETRICALLY = {
    name: f"\n    if type(a) in _KINDS:\n        return attr_(a, '{method}')(b)"
    for name, method in GEOMETRIC.items()
}
ARITHMETIC = (
    "".join(
        f"""
def {name}(a, b):
    if type(a) is ndarray or type(b) is ndarray:
        return _calc('np.{function}', (a, b)){GEOMETRICALLY.get(name, "")}
    return a {operator} b
"""
        for name, (operator, function) in OPERATORS.items()
        if name not in {quick[0] for quick in QUICK}
    )
    + "".join(
        f"""
def {name}(a):
    return _calc('np.{function}', (a,)) if type(a) is ndarray else {operator}a
"""
        for name, (operator, function) in UNARY.items()
    )
    + "".join(
        f"""
def {name}(a, b):
    if type(a) is ndarray or type(b) is ndarray:
        if type(a) is ndarray and a.ndim == 1 and a.dtype == 'float64':
            if type(b) in _SCALARS{nonzero}:
                return ndarray([x {operator} b for x in a._v], a.shape, a.dtype)
            row = _row(b, a.shape[0])
            if row is not None{nowhere}:
                return ndarray([x {operator} y for x, y in zip(a._v, row)], a.shape, a.dtype)
        elif type(a) in _SCALARS and b.ndim == 1 and b.dtype == 'float64'{nowhere}:
            return ndarray([a {operator} y for y in b._v], b.shape, b.dtype)
        return _calc('np.{OPERATORS[name][1]}', (a, b)){GEOMETRICALLY.get(name, "")}
    return a {operator} b
"""
        for name, operator, nonzero, nowhere in QUICK
    )
)
SIGNS = ", ".join(f"'{sign}': {name}" for name, (sign, _) in OPERATORS.items())
