// Harper, a checker of English grammar, as a rule of textlint. Its options are
// Harper's own: the name of each of its checks, and whether it is on.
import { Dialect, LocalLinter } from "harper.js";
import { slimBinaryInlined as binary } from "harper.js/slimBinaryInlined";

const linter = new LocalLinter({ binary, dialect: Dialect.British });

export default function harper({ Syntax, getSource, locator, report, RuleError }, options) {
    return {
        async [Syntax.Document](document) {
            const checks = await linter.getDefaultLintConfig();
            for (const name of Object.keys(options).filter((name) => !(name in checks))) {
                report(document, new RuleError(`Harper has no check ${name}`));
            }
            await linter.setLintConfig({ ...checks, ...options });
            const found = await linter.organizedLints(getSource(document), { language: "markdown" });
            for (const [check, lints] of Object.entries(found)) {
                for (const lint of lints) {
                    const { start, end } = lint.span();
                    const message = `${lint.message()} "${lint.get_problem_text()}" (${check})`;
                    report(document, new RuleError(message, { padding: locator.range([start, end]) }));
                }
            }
        },
    };
}
