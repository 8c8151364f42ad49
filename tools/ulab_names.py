"""What MicroPython 1.27 (rp2 port) and ulab 6.12 (2-D, complex) have and lack: the tables of ulab_lint.

Each absence was tried on the interpreter. Allow-lists where the set is small (modules, ulab names), and
deny-lists where it is not (methods, module attributes).
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Modules that an image may import: the port's own, and ours.
MODULES = _words(
    """array asyncio binascii board boards builtins cmath collections cryptolib deflate device errno framebuf gc hashlib
    heapq io json machine math meter micropython neopixel network ntptime onewire os platform random re
    requests rp2 select socket ssl struct sys time tls uctypes ulab vfs websocket _thread"""
)

# module -> names that CPython has and the device has not
MODULE_LACKS = {
    "asyncio": _words(
        """Queue PriorityQueue LifoQueue TaskGroup timeout timeout_at Runner to_thread Semaphore
        BoundedSemaphore Condition Barrier shield as_completed wait ensure_future get_running_loop
        all_tasks iscoroutine iscoroutinefunction create_subprocess_exec create_subprocess_shell
        IncompleteReadError"""
    ),
    "binascii": _words("crc_hqx b2a_hex a2b_hex b2a_uu a2b_uu"),
    "collections": _words("defaultdict Counter ChainMap UserDict UserList UserString abc"),
    "hashlib": _words("new sha224 sha384 sha512 sha3_256 blake2b blake2s pbkdf2_hmac scrypt md5"),
    "io": _words("TextIOBase RawIOBase SEEK_SET SEEK_END BufferedReader TextIOWrapper"),
    "json": _words("JSONDecodeError JSONEncoder JSONDecoder"),
    "math": _words("hypot gcd lcm isqrt prod fsum comb perm dist remainder cbrt nextafter ulp sumprod"),
    "os": _words(
        "path environ getpid fsync replace makedirs walk scandir getenv fspath PathLike open read write"
    ),
    "random": _words(
        "Random SystemRandom gauss normalvariate shuffle sample choices betavariate expovariate"
    ),
    "re": _words(
        "finditer findall fullmatch escape split IGNORECASE MULTILINE DOTALL VERBOSE I M S X Pattern"
    ),
    "struct": _words("Struct iter_unpack error"),
    "sys": _words("getsizeof getrefcount setrecursionlimit maxint flags argv_orig excepthook"),
    "time": _words("monotonic monotonic_ns perf_counter perf_counter_ns process_time strftime strptime"),
}

BUILTINS_LACKING = _words(
    """vars slice breakpoint ascii FileNotFoundError FileExistsError PermissionError IsADirectoryError
    NotADirectoryError TimeoutError ConnectionError ConnectionResetError ConnectionAbortedError
    ConnectionRefusedError BrokenPipeError BlockingIOError InterruptedError BufferError
    ProcessLookupError RecursionError ModuleNotFoundError UnicodeDecodeError UnicodeEncodeError
    UnicodeTranslateError ExceptionGroup BaseExceptionGroup Warning UserWarning DeprecationWarning
    IOError EnvironmentError"""
)

# Methods of built-in types that the device lacks, by names that nobody else uses.
METHODS_LACKING = _words(
    """zfill ljust rjust removeprefix removesuffix casefold capitalize swapcase expandtabs format_map
    translate maketrans isalnum isascii isdecimal isidentifier isnumeric isprintable istitle bit_length
    bit_count is_integer as_integer_ratio hexdigest cast"""
)

# call -> keywords that the device refuses
KEYWORDS_LACKING = {
    "dumps": _words("indent sort_keys ensure_ascii default cls"),
    "from_bytes": _words("signed byteorder"),
    "print": _words("flush"),
    "to_bytes": _words("signed byteorder length"),
    "zip": _words("strict"),
}

# What ulab.numpy has.
NUMPY = _words(
    """acos acosh all any arange arctan2 argmax argmin argsort around array asarray asin asinh atan atanh
    bincount bitwise_and bitwise_or bitwise_xor bool ceil clip complex compress concatenate conjugate
    convolve cos cosh cross degrees delete diag diff dot e empty equal exp expm1 eye fft flip floor
    frombuffer full imag inf int16 int8 interp isfinite isinf left_shift linalg linspace log log10 log2
    logspace max maximum mean median meshgrid min minimum nan ndarray nonzero not_equal ones pi polyfit
    polyval radians random real right_shift roll sin sinc sinh size sort sort_complex sqrt std sum take
    tan tanh trace uint16 uint8 vectorize where zeros"""
)
NUMPY_SUBMODULES = {"fft": _words("fft ifft"), "linalg": _words("cholesky det eig inv norm qr")}

# Methods of numpy's arrays that ulab's lack; checked in modules that use np only.
ARRAY_METHODS_LACKING = _words(
    """sum mean max min std var astype ravel cumsum argmax argmin dot clip conj all any squeeze round repeat
    nonzero prod take swapaxes fill view item conjugate"""
)

# The functions of ulab.numpy that take out=.
TAKES_OUT = _words(
    """acos acosh asin asinh atan atanh ceil cos cosh degrees exp expm1 floor log log10 log2 radians sin
    sinc sinh sqrt tan tanh"""
)
INTEGER_DTYPES = _words("int8 uint8 int16 uint16")
SHAPED = _words("zeros ones empty full reshape")
