"""Prints what Python's ConfigParser makes of a number of files, as vectors.json for the Go tests.

    python3 vectors.py > vectors.json

Each vector is {"text": ..., "sections": {section: {key: value}}} or {"text": ..., "error": name of the exception}.
Values are raw (no interpolation), without what [DEFAULT] adds to a section.
"""
import configparser
import io
import json
import random
import sys

WRITTEN = [
    "", "[a]\n", "[a]\nk = v\n", "[a]\nk: v\n", "[a]\nk=v", "[a]\nk\t:\tv = x\n", "[a]\nk = x : y\n", "[a]\nk =\n", "[a]\nk = \n\n\n",
    "[a]\nKey One = v\n", "[a]\nk = v ; no comment\n", "[a]\nk = v # no comment\n", "[a]\n# k = v\n; j = w\n", "[a]\n  # k = v\n  k = v\n",
    "# c\n\n[a]\nk = v\n", "[a]\nk = one\n  two\n\tthree\n", "[a]\nk = one\n\n  two\n\n\nj = x\n", "[a]\nk = one\n# c\n  two\n  ; d\n  three\n",
    "[a]\nk =\n  one\n  two\n", "[a]\n  k = 1\n  j = 2\n", "[a]\n  k = 1\n    j = 2\n", "[a]\nk = 1\n [b]\nj = 2\n", "  [b]\nj = 1\n k = 2\n",
    "[a] rest\nk = 1\n", "[a]b]\nk = 1\n", "[]]\nk = 1\n", "[ a ]\nk = 1\n", "[a]\nk = 1\n[A]\nk = 2\n", "[DEFAULT]\nk = 1\n[a]\nj = 2\n",
    "[DEFAULT]\nk = 1\n[a]\n[DEFAULT]\nj = 2\n", "[default]\nk = 1\n", "[a]\nk = \"quoted\"\n", "[a]\nk = None\n", "[a]\nk = 100%\nj = %(k)s\ni = %%\n",
    "[a]\r\nk = 1\r\n  2\r\n", "[a]\rk = 1\rj = 2\r", "[a]\nk = 1\rj = 2\r\nl = 3\n", "[a]\nk = a\x0bb\n\x0c c = d\n", "[a]\nk\u00a0=\u00a01\u00a0\n\u00a0x\n",
    "[a]\nk = a\x1cb\x1d\n", "[a]\nk = \u2028x\u2028y\n", "[a]\nk = \u00e4\u00f6\u00fc \U0001f3b8\n", "[a]\nk = 1\n\x1f j = 2\n", "[a]\n=\n", "[a]\n= 1\n", "[a]\n: 1\n",
    "[a]\nk\n", "k = 1\n", "[]\nk = 1\n", "[a]\nk = 1\n[\n", "[a]\nk = 1\nk = 2\n", "[a]\nk = 1\nK = 2\n", "[a]\nk = 1\n[a]\nj = 2\n",
    "[DEFAULT]\nk = 1\nk = 2\n", "\ufeff[a]\nk = 1\n", "[a]\nk = 1\n]\n", "[a]\n[b]\nk=1\n\n# end", "[a]\nk = 1\n  j = 2\n l = 3\n", "[a]\n   k = 1\n  j = 2\n   l = 3\n",
    "[ConnectionDetails]\nuser=testusername\npassword = testpassword\nserver = testipaddress\n\n#######\n# mic #\n#######\n"
    "[AudioSettings]\nmic=WASAPI: Recording Device 7\nspeakers=WASAPI: Output Device 23\nrecording_location = None\n\n"
    "[ChatSettings]\nip_address = \"127.0.0.1\"\nport = 9000\nusername = username\nrole = LISTENER\n",
]

PIECES = ["[a]", "[b]", "[DEFAULT]", "[A]", "k", "j", "Key", " ", "  ", "\t", "=", ":", " = ", "#", ";", "x", "yy", "\"", "%", "]", "[", "\n", "\n", "\n",
          "\n", "\r\n", "\r", "\n\n", "\n  ", "\n\t", "\u00a0", "\x0b", "\x1c", "[a]\nk = 1\n", "\nj = 2"]


def read(text):
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_file(io.StringIO(text, newline=None))
    except configparser.Error as error:
        return {"text": text, "error": type(error).__name__}
    sections = {name: dict(options) for name, options in parser._sections.items()}
    sections["DEFAULT"] = dict(parser._defaults)
    return {"text": text, "sections": sections}


def main(count):
    pick = random.Random(2)
    texts = list(WRITTEN)
    good = 0
    while good < count:
        text = pick.choice(["", "[a]\n", "[a]\nk = 1\n"]) + "".join(pick.choice(PIECES) for _ in range(pick.randint(1, 14)))
        fine = "error" not in read(text)
        if fine or pick.random() < 0.15:
            texts.append(text)
            good += fine
    print("[")
    print(",\n".join(json.dumps(read(text)) for text in texts))
    print("]")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 150)
