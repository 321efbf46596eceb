"""What programs have of numpy and shapely, by name. No more of either can be reached."""

BINARY = """add subtract multiply divide true_divide floor_divide mod remainder fmod power
float_power arctan2 hypot maximum minimum fmax fmin equal not_equal less less_equal greater
greater_equal logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor copysign
isclose allclose where clip heaviside gcd lcm left_shift right_shift""".split()
UNARY = """abs absolute fabs negative positive sign sqrt cbrt square exp exp2 expm1 log log2 log10
log1p sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh deg2rad rad2deg
radians degrees floor ceil rint trunc fix round around isnan isinf isfinite logical_not invert
reciprocal nan_to_num sinc""".split()
REDUCING = """sum prod mean median std var min max amin amax ptp argmin argmax any all cumsum
cumprod nansum nanmean nanmin nanmax nanstd nanvar nanmedian nanargmin nanargmax average percentile
quantile nanpercentile count_nonzero argsort sort diff gradient trapezoid argpartition""".split()
SHAPING = """array asarray asanyarray atleast_1d atleast_2d copy reshape ravel squeeze expand_dims
transpose swapaxes moveaxis concatenate stack vstack hstack column_stack dstack row_stack append
insert delete flip fliplr flipud roll rot90 split array_split nonzero flatnonzero argwhere take
take_along_axis unique isin in1d union1d intersect1d setdiff1d searchsorted digitize interp polyfit
polyval roots compress extract select shape ndim size array_equal tril triu trace diagonal
zeros_like ones_like full_like empty_like bincount array2string lexsort cross unravel_index
ravel_multi_index fromiter product cumproduct alltrue sometrue round_ trapz""".split()
PRODUCTS = """dot matmul inner vdot outer kron tensordot convolve correlate meshgrid einsum
""".split()
SIZED = """zeros ones empty full eye identity linspace geomspace logspace arange tile repeat pad
diag broadcast_to histogram resize indices cov corrcoef triu_indices tril_indices""".split()
NUMPY = frozenset([*BINARY, *UNARY, *REDUCING, *SHAPING, *PRODUCTS, *SIZED])
LINEAR = "norm det inv pinv solve lstsq eig eigh eigvals svd qr matrix_rank matrix_power cond"
RANDOM = """random rand randn randint uniform normal choice permutation sample random_sample
integers standard_normal seed beta exponential""".split()
CONSTANTS = """pi e inf nan Inf NaN infty newaxis ndarray floating integer vectorize shuffle
apply_along_axis c_ r_ ndindex ndenumerate fill_diagonal set_printoptions linalg random
default_rng RandomState""".split()
DTYPES = {  # what programs call them: all numbers have 64 bits here
    **dict.fromkeys("float float16 float32 float64 double single half".split(), "float64"),
    **dict.fromkeys("int int8 int16 int32 int64 uint8 uint16 uint32 uint64 intp".split(), "int64"),
    **dict.fromkeys("bool bool_".split(), "bool"),
    **dict.fromkeys("str str_".split(), "str"),
}
ARRAY_METHODS = frozenset(
    """sum prod mean std var min max argmin argmax any all cumsum cumprod argsort sort round clip
    reshape ravel flatten squeeze transpose swapaxes dot copy astype tolist item take repeat nonzero
    searchsorted ptp fill trace diagonal""".split()
)
GEOMETRIES = (
    *("Point", "LineString", "LinearRing", "Polygon"),
    *("MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"),
)
GEOMETRY_PROPERTIES = frozenset(
    """x y z coords xy bounds area length centroid exterior interiors geoms boundary envelope
    convex_hull minimum_rotated_rectangle oriented_envelope is_empty is_valid is_simple is_closed
    is_ring is_ccw wkt has_z type""".split()
)
GEOMETRY_METHODS = frozenset(
    """distance contains within intersects disjoint touches crosses overlaps covers covered_by
    equals equals_exact intersection union difference symmetric_difference buffer interpolate
    project simplify representative_point hausdorff_distance parallel_offset offset_curve reverse
    normalize line_interpolate_point""".split()
)
AFFINE = frozenset("rotate scale translate skew affine_transform".split())
OPS = frozenset("unary_union nearest_points substring linemerge polygonize".split())
MEMBERS = {"T"} | ARRAY_METHODS | GEOMETRY_PROPERTIES | GEOMETRY_METHODS  # of objects
PARTS = (  # of the modules
    NUMPY
    | {*RANDOM, *LINEAR.split(), *CONSTANTS, *DTYPES, *GEOMETRIES, "box"}
    | {"geometry", "affinity", "ops"}
    | set("itemgetter attrgetter sub mul truediv mod pow neg lt le gt ge eq ne".split())
    | AFFINE
    | OPS
)
