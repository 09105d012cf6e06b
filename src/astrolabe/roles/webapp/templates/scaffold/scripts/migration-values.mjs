// Values in SQL: what a database calls now and no, and how a value of one type is read as another.

export const DIALECTS = {
  sqlite: {
    now: `strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')`,
    today: `strftime('%Y-%m-%dT00:00:00.000+00:00', 'now')`,
    no: '0',
    yes: '1',
    real: 'REAL',
    day: (value) => `substr(${value}, 1, 10) || 'T00:00:00.000+00:00'`,
    text: (value) => value,
    moment: (value, isDay) => `substr(${value}, 1, ${isDay ? 10 : 19})`,
    isWhole: (text) => `CAST(CAST(${text} AS INTEGER) AS TEXT) = ${text}`,
    isNumber: (text) =>
      `ltrim(${text}, '-') GLOB '[0-9]*' AND ltrim(${text}, '-') NOT GLOB '*[^0-9.]*' AND ${text} NOT GLOB '*.*.*'`,
    asEnum: (value) => value,
  },
  postgresql: {
    now: `(CURRENT_TIMESTAMP AT TIME ZONE 'UTC')`,
    today: 'CURRENT_DATE',
    no: 'false',
    yes: 'true',
    real: 'DOUBLE PRECISION',
    text: (value) => `${value}::text`,
    moment: (value, isDay) => `to_char(${value}, 'YYYY-MM-DD${isDay ? '' : '"T"HH24:MI:SS'}')`,
    isWhole: (text) => `${text} ~ '^-?[0-9]{1,9}$'`,
    isNumber: (text) => `${text} ~ '^-?[0-9]{1,15}([.][0-9]{1,15})?$'`,
    asEnum: (value, type) => `${value}::"${type}"`,
  },
};

const LARGEST_INT = 2_147_483_647;
const sqlText = (value) => `'${value.replaceAll("'", "''")}'`;

/** The value of a `@default(…)` in SQL. */
export function literal(value, field, schema, provider) {
  if (value.startsWith('"')) return sqlText(JSON.parse(value));
  if (value === 'true') return DIALECTS[provider].yes;
  if (value === 'false') return DIALECTS[provider].no;
  return schema.enums.has(field.type) ? sqlText(value) : value;
}

function asText({ from, sql }, before, value) {
  if (before.type === 'String') return value;
  if (from.enums.has(before.type)) return sql.text(value);
  if (before.type === 'Boolean')
    return `CASE WHEN ${value} THEN 'true' WHEN NOT ${value} THEN 'false' END`;
  if (before.type === 'DateTime') return sql.moment(value, /@db\.Date\b/.test(before.attributes));
  return `CAST(${value} AS TEXT)`;
}

function asNumber(work, before, value, isWhole) {
  const { from, sql } = work;
  const kind = isWhole ? 'INTEGER' : sql.real;
  if (before.type === 'Int') return `CAST(${value} AS ${kind})`;
  if (before.type === 'Float') {
    return `CASE WHEN abs(${value}) <= ${LARGEST_INT} THEN CAST(round(${value}) AS ${kind}) END`;
  }
  if (before.type === 'Boolean') return `CASE WHEN ${value} THEN 1 WHEN NOT ${value} THEN 0 END`;
  if (before.type !== 'String' && !from.enums.has(before.type)) return 'NULL';
  const text = asText(work, before, value);
  const test = isWhole ? sql.isWhole(text) : sql.isNumber(text);
  return `CASE WHEN ${test} THEN CAST(${text} AS ${kind}) END`;
}

function asFlag(work, before, value) {
  if (before.type === 'Int' || before.type === 'Float') return `${value} <> 0`;
  if (before.type === 'DateTime') return 'NULL';
  const text = `lower(${asText(work, before, value)})`;
  const { yes, no } = work.sql;
  return `CASE WHEN ${text} IN ('true', 'yes', '1') THEN ${yes} WHEN ${text} IN ('false', 'no', '0') THEN ${no} END`;
}

/** An expression that reads a value of one field as one of another; NULL where it makes no sense. */
export function converted(work, before, after, value) {
  const { next, sql } = work;
  const values = next.enums.get(after.type);
  if (values) {
    const text = asText(work, before, value);
    const list = values.map((each) => `'${each}'`).join(', ');
    return `CASE WHEN ${text} IN (${list}) THEN ${sql.asEnum(text, after.type)} END`;
  }
  if (after.type === 'String') return asText(work, before, value);
  if (after.type === 'Int' || after.type === 'Float') {
    return asNumber(work, before, value, after.type === 'Int');
  }
  return after.type === 'Boolean' ? asFlag(work, before, value) : 'NULL';
}
