import { type DescribedOperation, openapiDocument } from './document';

function escaped(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (char) => entities[char] ?? char);
}

const code = (value: unknown) => `<pre>${escaped(JSON.stringify(value, null, 2))}</pre>`;

function parameters(operation: DescribedOperation): string {
  const rows = operation.parameters.map(
    ({ name, in: place, schema }) =>
      `<tr><td><code>${escaped(name)}</code></td><td>${place}</td><td>${code(schema)}</td></tr>`,
  );
  if (rows.length === 0) return '';
  return `<h4>Parameters</h4><table><tbody>${rows.join('')}</tbody></table>`;
}

function answers(operation: DescribedOperation): string {
  const rows = Object.entries(operation.responses).map(
    ([status, { description }]) =>
      `<tr><td><code>${escaped(status)}</code></td><td>${escaped(description)}</td></tr>`,
  );
  return `<h4>Answers</h4><table><tbody>${rows.join('')}</tbody></table>`;
}

function described(path: string, method: string, operation: DescribedOperation): string {
  const lock = operation.security.length > 0 ? ' <small>needs an access token</small>' : '';
  const body = operation.requestBody ? `<h4>Body</h4>${code(operation.requestBody.content)}` : '';
  return `<details id="${escaped(operation.operationId)}">
<summary><b class="${method}">${method.toUpperCase()}</b> <code>${escaped(path)}</code>
${escaped(operation.summary)}${lock}</summary>
${parameters(operation)}${body}${answers(operation)}
</details>`;
}

function allOperations() {
  return Object.entries(openapiDocument.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
}

function groups(): string {
  const tags = [...new Set(allOperations().flatMap(({ operation }) => operation.tags))];
  return tags
    .map((tag) => {
      const parts = allOperations()
        .filter(({ operation }) => operation.tags.includes(tag))
        .map(({ path, method, operation }) => described(path, method, operation));
      return `<h2>${escaped(tag)}</h2>${parts.join('')}`;
    })
    .join('');
}

function schemas(): string {
  return Object.entries(openapiDocument.components.schemas)
    .map(
      ([name, schema]) => `<details><summary>${escaped(name)}</summary>${code(schema)}</details>`,
    )
    .join('');
}

const { title, description } = openapiDocument.info;

/** The API's documentation as one page that needs nothing from elsewhere. */
export const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}: API</title>
<link rel="stylesheet" href="/api/docs.css">
</head>
<body>
<main>
<h1>${escaped(title)}: API</h1>
<p>${escaped(description)}</p>
<p>As a file: <a href="/api/openapi.json">OpenAPI 3.1</a></p>
${groups()}
<h2>Schemas</h2>
${schemas()}
</main>
</body>
</html>
`;

export const docsStyle = `
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5; }
main { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
details { border: 1px solid #8886; border-radius: 0.5rem; margin: 0.5rem 0; padding: 0.5rem 1rem; }
summary { cursor: pointer; }
summary b { display: inline-block; min-width: 4.5rem; }
.get { color: #2563eb; } .post { color: #15803d; } .patch { color: #b45309; } .delete { color: #dc2626; }
pre { overflow-x: auto; font-size: 0.85rem; }
table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid #8884; padding: 0.25rem 0.75rem 0.25rem 0; text-align: left; vertical-align: top; }
small { opacity: 0.7; }
`;
