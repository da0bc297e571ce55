"""Cases with a name each: run in order, a line for each, `N passed, N failed` at the end."""

import sys
import time
import traceback


class Cases:
    def __init__(self):
        self.list = []

    def __call__(self, function):
        """Decorator: the docstring is the case's name."""
        self.list.append(function)
        return function

    def run(self, *arguments):
        """Runs all, or those whose name holds a word of the command line; returns the exit code."""
        passed = failed = 0
        words = [word for word in sys.argv[1:] if not word.startswith('-')]
        for case in self.list:
            name = ' '.join(case.__doc__.split())
            if words and not any(word in name for word in words):
                continue
            begin = time.monotonic()
            try:
                case(*arguments)
                passed += 1
                print(f'ok   {name} ({time.monotonic() - begin:.1f} s)', flush=True)
            except Exception as error:  # a case may fail in any way
                failed += 1
                print(f'FAIL {name}: {type(error).__name__}: {error}', flush=True)
                frames = [
                    f for f in traceback.extract_tb(error.__traceback__) if 'cases.py' not in f.filename
                ]
                print('     ' + ' < '.join(f'{f.name}:{f.lineno}' for f in reversed(frames)))
        self.passed, self.failed = passed, failed
        return 0 if failed == 0 and passed else 1

    def end(self, code):
        print(f'{self.passed} passed, {self.failed} failed')
        sys.exit(code)


def same(got, wanted, what=''):
    if got != wanted:
        raise AssertionError(f'{what!s:.600}{": " if what else ""}{got!r}, not {wanted!r}'[:1500])


def true(value, what):
    if not value:
        raise AssertionError(str(what)[:1500])
