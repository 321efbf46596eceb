"""What programs with classes call, written in the sandbox after the prelude where it is needed: see
`planners.program.classes`.
"""

GET, SET, STATIC = "_get_", "_set_", "_static_"
METHODS = {  # sign: its method, without the underscores
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "truediv",
    "//": "floordiv",
    "%": "mod",
    "**": "pow",
    "@": "matmul",
    "&": "and",
    "|": "or",
    "^": "xor",
}
FUNCTIONS = """isinstance_ issubclass_ property_ set_property_ static_ binary_ augmented_ compared_
contained_ negated_ got_ stored_ walked_ shown_ raised_ thrown_ enum_ Raisable_""".split()
SUPPORT = f"""
_METHODS = {METHODS!r}
_LAST = ['', None]

def _has(of, name):
    return hasattr(of, 'kinds_') and hasattr(of, name)

def isinstance_(of, kinds):
    if type(kinds) is tuple:
        for each in kinds:
            if isinstance_(of, each):
                return True
        return False
    if type(kinds) is _Members:
        return type(of) is kinds.kind
    if hasattr(of, 'kinds_') and hasattr(type(of), 'kinds_'):
        if kinds in of.kinds_:
            return True
        if hasattr(of, 'base_') and not hasattr(kinds, 'kinds_'):
            return isinstance(of.base_(''), kinds)
    if hasattr(kinds, 'kinds_'):
        return False
    return isinstance(of, kinds)

def issubclass_(kind, kinds):
    if type(kinds) is tuple:
        return any([issubclass_(kind, each) for each in kinds])
    return kinds in kind.kinds_ if hasattr(kind, 'kinds_') else kind is kinds

def property_(of, name):
    if hasattr(of, '{GET}' + name):
        return getattr(of, '{GET}' + name)()
    return attr_(of, name)

def set_property_(of, name, value):
    if hasattr(of, '{SET}' + name):
        getattr(of, '{SET}' + name)(value)
    elif hasattr(of, '{GET}' + name):
        raise AttributeError('cannot set ' + name)
    else:
        setattr(of, name, value)

def static_(of, name):
    kind = type(of) if hasattr(type(of), '{STATIC}' + name) else of
    if not hasattr(kind, '{STATIC}' + name):
        return attr_(of, name)
    return lambda *args, **kwargs: getattr(kind, '{STATIC}' + name)(kind, *args, **kwargs)

def binary_(sign, a, b):
    name = _METHODS[sign]
    if _has(a, f'__{{name}}__'):
        return getattr(a, f'__{{name}}__')(b)
    if _has(b, f'__r{{name}}__'):
        return getattr(b, f'__r{{name}}__')(a)
    return _OPERATORS[sign](a, b)

def augmented_(sign, of, value):
    name = f'__i{{_METHODS[sign]}}__'
    if _has(of, name):
        return getattr(of, name)(value)
    return binary_(sign, of, value) if hasattr(of, 'kinds_') else augment_(sign, of, value)

def compared_(sign, a, b):
    if sign in ('>', '>='):
        own = '__gt__' if sign == '>' else '__ge__'
        if _has(a, own):
            return getattr(a, own)(b)
        if _has(b, '__lt__') or _has(b, '__le__'):
            return compared_('<' if sign == '>' else '<=', b, a)
    elif sign == '<' and _has(a, '__lt__'):
        return a.__lt__(b)
    elif sign == '<' and _has(b, '__gt__'):
        return b.__gt__(a)
    elif sign == '<=' and _has(a, '__le__'):
        return a.__le__(b)
    elif sign == '<=' and _has(a, '__lt__'):
        return a.__lt__(b) or compared_('==', a, b)
    elif sign == '==' and _has(a, '__eq__'):
        return a.__eq__(b)
    elif sign == '!=' and _has(a, '__ne__'):
        return a.__ne__(b)
    elif sign == '!=' and _has(a, '__eq__'):
        return not a.__eq__(b)
    return _OPERATORS[sign](a, b)

def contained_(value, items):
    return items.__contains__(value) if _has(items, '__contains__') else in_(value, items)

def negated_(of):
    return of.__neg__() if _has(of, '__neg__') else neg_(of)

def got_(of, key):
    return of.__getitem__(key) if _has(of, '__getitem__') else item_(of, key)

def stored_(of, key, value):
    if _has(of, '__setitem__'):
        of.__setitem__(key, value)
    else:
        set_item_(of, key, value)

def walked_(of):
    if not _has(of, '__iter__'):
        return of
    items = of.__iter__()
    if not _has(items, '__next__'):
        return list(items)
    made = []
    while True:
        try:
            made.append(items.__next__())
        except StopIteration:
            return made

def shown_(of):
    if hasattr(type(of), 'kinds_'):
        if hasattr(of, '__str__'):
            return of.__str__()
        if hasattr(of, '__repr__'):
            return of.__repr__()
    return of

_native_len, _native_sorted = len, sorted

def len(items):
    return items.__len__() if _has(items, '__len__') else _native_len(items)

def sorted(items, *, key=None, reverse=False):
    items = list(walked_(items))
    keys = items if key is None else [key(item) for item in items]
    if keys and (_has(keys[0], '__lt__') or _has(keys[0], '__gt__')):
        order = _inserted(keys, lambda a, b: compared_('<', a, b), reverse)
        return [items[i] for i in order]
    return _native_sorted(items, key=key, reverse=reverse)

def _extreme(extreme, items, key, default):
    items = list(walked_(items[0])) if _len(items) == 1 else items
    if default and not items:
        return default['default']
    keys = items if key is None else [key(item) for item in items]
    if keys and _has(keys[0], '__lt__'):
        order = sorted(_range(_len(keys)), key=lambda i: keys[i], reverse=extreme is _max)
        return items[order[0]]
    return items[keys.index(extreme(keys))]

class Raisable_:
    args = ()

    def __init__(self, *args):
        self.args = args

    def __str__(self):
        if _len(self.args) < 2:
            return str(self.args[0]) if self.args else ''
        return str(self.args)

def raised_(of):
    if not hasattr(of, 'base_'):
        return of
    if not hasattr(type(of), 'base_'):
        of = of()
    text = of.__str__()
    _LAST[:] = [type(of).__name__ + (': ' + text if text else ''), of]
    return of.base_(_LAST[0])

def thrown_(caught):
    return _LAST[1] if _LAST[0] and caught.args and caught.args[0] == _LAST[0] else caught

class _Members:
    def __init__(self, kind, members):
        self.kind, self.members = kind, members
        for member in members:
            setattr(self, member.name, member)

    def __iter__(self):
        return iter(self.members)

    def __getitem__(self, name):
        for member in self.members:
            if member.name == name:
                return member
        raise KeyError(name)

    def __call__(self, value):
        for member in self.members:
            if member.value == value:
                return member
        raise ValueError(f'{{value!r}} is not a valid {{self.kind.__name__}}')

def enum_(kind, members):
    made = []
    for name, value in members:
        member = kind()
        member.name, member.value = name, value
        made.append(member)
    if not hasattr(kind, '__str__'):
        kind.__str__ = lambda self: kind.__name__ + '.' + self.name
        kind.__repr__ = lambda self: f'<{{kind.__name__}}.{{self.name}}: {{self.value!r}}>'
    return _Members(kind, made)
"""
