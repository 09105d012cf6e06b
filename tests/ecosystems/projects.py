"""Small projects of each ecosystem: in each one test passes, one fails, one is skipped, and one fails in company only."""

import json
from dataclasses import dataclass, field

P, F, S, C = "passed", "failed", "skipped", "flaky"


@dataclass(frozen=True)
class Project:
    """A tree, the runner that should be found in it, and what should become of each test; `lines` is a coverage in percent."""

    runner: str
    files: dict[str, str]
    ends: dict[str, str]
    program: str
    lines: float | None = None
    needs: dict[str, str] = field(default_factory=dict[str, str])
    """Files that a command makes before the project is committed: path = shell line."""


GO = """package sum

import "testing"

var spoilt bool

func TestAdds(t *testing.T) {
	t.Run("small numbers", func(t *testing.T) {
		if Of(1, 2) != 3 {
			t.Fatal("no")
		}
	})
}
func TestFails(t *testing.T)  { t.Fatalf("want %d", 4) }
func TestLater(t *testing.T)  { t.Skip("later") }
func TestMSpoils(t *testing.T) { spoilt = true }
func TestNAlone(t *testing.T) {
	if spoilt {
		t.Fatal("spoilt")
	}
}
"""
RUST = """pub fn of(a: i32, b: i32) -> i32 { a + b }

#[cfg(test)]
mod tests {
    #[test]
    fn adds() { assert_eq!(super::of(1, 2), 3); }
    #[test]
    fn fails() { assert_eq!(super::of(1, 2), 4, "three is not four"); }
    #[test]
    #[ignore]
    fn later() {}
    #[test]
    fn in_company() { assert!(std::env::args().any(|word| word == "--exact"), "not alone"); }
}
"""
JUNIT4 = """import org.junit.*;
import org.junit.runners.MethodSorters;

@FixMethodOrder(MethodSorters.NAME_ASCENDING)
public class SumTest {
  static boolean spoilt;
  @Test public void adds() { Assert.assertEquals(3, Sum.of(1, 2)); spoilt = true; }
  @Test public void fails() { Assert.assertEquals("three", 4, Sum.of(1, 2)); }
  @Ignore("later") @Test public void later() { }
  @Test public void order() { Assert.assertFalse("spoilt", spoilt); }
}
"""
JAVA = {
    "src/main/java/Sum.java": "public class Sum { static int of(int a, int b) { return a + b; } }\n",
    "src/test/java/SumTest.java": JUNIT4,
}
JAVA_ENDS = {"SumTest::adds": P, "SumTest::fails": F, "SumTest::later": S, "SumTest::order": C}
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>y</artifactId><version>1</version>
<properties><maven.compiler.source>17</maven.compiler.source><maven.compiler.target>17</maven.compiler.target>
<project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties>
<dependencies><dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4.13.2</version>
<scope>test</scope></dependency></dependencies></project>
"""
GRADLE = """apply plugin: 'java'
repositories { maven { url 'file:///usr/share/maven-repo' } }
dependencies { testCompile 'junit:junit:4.13.2' }
"""
SUM_JS = "exports.of = (a, b) => a + b;\nexports.unused = () => {\n  return 1;\n};\n"
COMMON = """
let spoilt = false;
describe('sum', () => {
  it('adds (small)', () => { spoilt = true; if (of(1, 2) !== 3) throw new Error('no'); });
  it('fails', () => { throw new Error('three is not four'); });
  it.skip('later', () => {});
  it('alone', () => { if (spoilt) throw new Error('spoilt'); });
});
"""
LOCK = {
    "package-lock.json": "npm install --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error"
}


ANY_MACHINE = {"rollup": "npm:@rollup/wasm-node@^4", "esbuild": "npm:esbuild-wasm@^0.27"}
"""A mirror of the registry may leave out what is built for other machines, and npm then refuses its own lock."""


def package(script: str, overrides: dict[str, str] | None = None, **needs: str) -> str:
    names = {name.replace("__", "/").replace("_", "-"): version for name, version in needs.items()}
    told = {"name": "x", "private": True, "scripts": {"test": script}, "devDependencies": names}
    return json.dumps(told | ({"overrides": overrides} if overrides else {}))


def spread(file: str) -> dict[str, str]:
    before = f"{file}::sum "
    return {
        f"{before}adds (small)": P,
        f"{before}fails": F,
        f"{before}later": S,
        f"{before}alone": C,
    }


PROJECTS = {
    "go": Project(
        "go test",
        {
            "go.mod": "module example.org/sum\n\ngo 1.19\n",
            "sum.go": "package sum\n\nfunc Of(a, b int) int { return a + b }\n\nfunc Unused() int {\n\treturn 1\n}\n",
            "sum_test.go": GO,
        },
        {
            "example.org/sum::TestAdds/small_numbers": P,
            "example.org/sum::TestFails": F,
            "example.org/sum::TestLater": S,
            "example.org/sum::TestMSpoils": P,
            "example.org/sum::TestNAlone": C,
        },
        "go",
        lines=50.0,
    ),
    "rust": Project(
        "cargo test",
        {
            "Cargo.toml": '[package]\nname = "sum"\nversion = "0.1.0"\nedition = "2021"\n',
            "Cargo.lock": '# made by cargo\nversion = 3\n\n[[package]]\nname = "sum"\nversion = "0.1.0"\n',
            "src/lib.rs": RUST,
        },
        {
            "unittests src/lib.rs::tests::adds": P,
            "unittests src/lib.rs::tests::fails": F,
            "unittests src/lib.rs::tests::later": S,
            "unittests src/lib.rs::tests::in_company": C,
        },
        "/usr/bin/cargo",
    ),
    "maven": Project("maven", {"pom.xml": POM, **JAVA}, JAVA_ENDS, "mvn"),
    "gradle": Project("gradle", {"build.gradle": GRADLE, **JAVA}, JAVA_ENDS, "gradle"),
    "jest": Project(
        "jest",
        {
            "package.json": package("jest", jest="29.7.0"),
            "sum.js": SUM_JS,
            "sum.test.js": "const { of } = require('./sum.js');" + COMMON,
        },
        spread("sum.test.js"),
        "npm",
        lines=66.66,
        needs=LOCK,
    ),
    "vitest": Project(
        "vitest",
        {
            "package.json": package(
                "vitest", ANY_MACHINE, vitest="4.0.7", **{"@vitest__coverage_v8": "4.0.7"}
            ),
            "sum.js": "export const of = (a, b) => a + b;\n",
            "sum.test.js": "import { describe, it } from 'vitest';\nimport { of } from './sum.js';" + COMMON,
        },
        spread("sum.test.js"),
        "npm",
        lines=100.0,
        needs=LOCK,
    ),
    "mocha": Project(
        "mocha",
        {
            "package.json": package("mocha", mocha="11.7.5"),
            "sum.js": SUM_JS,
            "test/sum.js": "const { of } = require('../sum.js');" + COMMON,
        },
        {
            f"sum::{name}": end
            for name, end in (("adds (small)", P), ("fails", F), ("later", S), ("alone", C))
        },
        "npm",
        needs=LOCK,
    ),
}
