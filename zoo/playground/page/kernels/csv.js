"use strict";
/* Rows of a table that somebody pasted or picked: a CSV file with two columns of numbers and a label.

   Between fields stands a comma, a semicolon or a tab, whichever splits the first lines into equally many fields; quotes
   as in RFC 4180 (a doubled quote is a quote); blanks around a field, and a byte order mark, are trimmed. Where semicolons or tabs separate, numbers may have a decimal comma.
   The first row is a header unless the two columns hold numbers in it. Messages come as {en, ru}. */
(function (playground) {
  const SEPARATORS = [",", ";", "\t"];
  const FEWEST_ROWS = 10;
  const MOST_ROWS = 2000; // of which a browser draws and trains at once
  const MOST_CLASSES = 6; // that can be told apart by colour
  const MISSING = ["", "na", "n/a", "nan", "null", "none", "?", "-"];

  /** Returns the rows of a text as arrays of strings; a quoted field may hold separators and line breaks. */
  function records(text, separator) {
    const rows = [];
    let [row, field, quoted] = [[], "", false];
    const endField = () => row.push(field.trim()) && (field = "");
    const endRow = () => {
      endField();
      if (row.some(one => one !== "")) rows.push(row);
      row = [];
    };
    for (let i = 0; i < text.length; i++) {
      const sign = text[i];
      if (quoted) {
        if (sign !== '"') field += sign;
        else if (text[i + 1] === '"') field += text[++i];
        else quoted = false;
      } else if (sign === '"' && field.trim() === "") [field, quoted] = ["", true];
      else if (sign === separator) endField();
      else if (sign === "\n") endRow();
      else if (sign !== "\r") field += sign;
      else if (text[i + 1] !== "\n") endRow(); // a lone carriage return ends a line too
    }
    endRow();
    return { rows, unclosed: quoted };
  }

  /** Returns the separator that splits most of the first lines into the same number of fields, at least two. */
  function separatorOf(text) {
    let [best, agreement] = [",", 0];
    for (const separator of SEPARATORS) {
      const widths = records(text.slice(0, 20000), separator).rows.slice(0, 20).map(row => row.length);
      const width = Math.max(0, ...widths.filter((one, i) => widths.indexOf(one) !== i || widths.length < 2));
      const alike = widths.filter(one => one === width).length / (widths.length || 1);
      const score = width < 2 ? 0 : alike * (width > 2 ? 2 : 1);
      if (score > agreement) [best, agreement] = [separator, score];
    }
    return best;
  }

  /** Returns a number, NaN for what is none, null for what is missing. */
  function number(text, separator) {
    if (MISSING.includes(text.toLowerCase())) return null;
    const plain = separator === "," ? text : text.replace(",", ".");
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
  }

  const refused = (en, ru) => ({ problem: { en, ru } });

  /** Returns the table of a text: {columns, rows, separator}, names and strings, or {problem}. */
  function table(text) {
    if (text.trim() === "") {
      return refused(
        "There is no text. Paste rows such as 1.5, 2.0, yes, or choose a CSV file.",
        "Текста нет. Вставьте строки вида 1.5, 2.0, да или выберите файл CSV.",
      );
    }
    if (text.includes("\u0000")) {
      return refused(
        "This is not a text file. Save the table as CSV (UTF-8), and choose that file.",
        "Это не текстовый файл. Сохраните таблицу в формате CSV (UTF-8) и выберите этот файл.",
      );
    }
    const separator = separatorOf(text);
    const { rows, unclosed } = records(text, separator);
    if (unclosed) {
      return refused(
        "A quotation mark is opened and never closed. Close it, or remove it.",
        "Кавычка открыта, но не закрыта. Закройте её или уберите.",
      );
    }
    const width = Math.max(...rows.map(row => row.length));
    if (width < 3) {
      return refused(
        `Each row must have three columns: two numbers and a label. The first row has ${rows[0].length}: ${rows[0].join(" | ")}`,
        `В каждой строке должно быть три столбца: два числа и метка. В первой строке ${rows[0].length}: ${rows[0].join(" | ")}`,
      );
    }
    const isNumber = text => Number.isFinite(number(text, separator) ?? NaN);
    const numeric = column => rows.slice(1).filter(row => isNumber(row[column] ?? "")).length;
    const hasHeader = rows.length > 1 && rows[0].every((name, i) => !isNumber(name) || numeric(i) === 0);
    const names = Array.from({ length: width }, (_, i) => (hasHeader && rows[0][i]) || `column ${i + 1}`);
    return { columns: names, rows: hasHeader ? rows.slice(1) : rows, separator, hasHeader };
  }

  /** Returns which columns are taken where nobody says: the first two that mostly hold numbers, and the last of the rest. */
  function suggested({ columns, rows, separator }) {
    const shares = columns.map((_, i) => {
      const known = rows.map(row => number(row[i] ?? "", separator)).filter(one => one !== null);
      return known.length ? known.filter(one => !Number.isNaN(one)).length / known.length : 0;
    });
    const numbers = columns.map((_, i) => i).filter(i => shares[i] > 0.5);
    const pair = numbers.length > 2 || shares[columns.length - 1] <= 0.5 ? numbers.filter(i => i < columns.length - 1) : numbers;
    const [x = 0, y = 1] = pair.slice(0, 2);
    const rest = columns.map((_, i) => i).filter(i => i !== x && i !== y);
    return { x, y, label: rest[rest.length - 1] };
  }

  /** Returns what `data.generate` returns, of a text, with `names`, `notes` and `taken`; or {problem}.

      chosen: {x, y, label}, places of columns; left out, as `suggested` has them. */
  function parse(text, chosen = null) {
    const found = table(text);
    if (found.problem) return found;
    const { columns, rows, separator } = found;
    const taken = { ...suggested(found), ...chosen };
    const [notes, kept] = [[], []];
    let missing = 0;
    for (const [place, row] of rows.entries()) {
      const pair = [taken.x, taken.y].map(i => number(row[i] ?? "", separator));
      const label = row[taken.label] ?? "";
      const wrong = pair.findIndex(one => Number.isNaN(one));
      if (wrong >= 0) {
        const column = [taken.x, taken.y][wrong];
        const line = place + 1 + (found.hasHeader ? 1 : 0);
        return refused(
          `The column "${columns[column]}" must hold numbers. Row ${line} has "${row[column]}". Choose another column, or correct the row.`,
          `В столбце «${columns[column]}» должны стоять числа. В строке ${line} стоит «${row[column]}». Выберите другой столбец или исправьте строку.`,
        );
      }
      if (pair.includes(null) || MISSING.includes(label.toLowerCase())) missing += 1;
      else kept.push([...pair, label]);
    }
    if (missing) {
      notes.push({
        en: `Rows left out because a value is missing: ${missing}.`,
        ru: `Пропущено строк, в которых нет значения: ${missing}.`,
      });
    }
    if (kept.length < FEWEST_ROWS) {
      return refused(
        `There must be at least ${FEWEST_ROWS} complete rows. There are ${kept.length}.`,
        `Нужно не меньше ${FEWEST_ROWS} полных строк. Здесь их ${kept.length}.`,
      );
    }
    const rest = thinned(kept, notes);
    const labels = rest.map(row => row[2]);
    const levels = [...new Set(labels)].sort((a, b) => (a < b ? -1 : 1));
    const numbers = labels.map(label => number(label, separator));
    const isRegression = levels.length > MOST_CLASSES && numbers.every(one => !Number.isNaN(one));
    if (!isRegression && (levels.length < 2 || levels.length > MOST_CLASSES)) {
      return refused(
        `The label "${columns[taken.label]}" must have 2 to ${MOST_CLASSES} different values, or numbers. It has ${levels.length}. Choose another column.`,
        `У метки «${columns[taken.label]}» должно быть от 2 до ${MOST_CLASSES} разных значений, или она должна быть числом. Разных значений: ${levels.length}. Выберите другой столбец.`,
      );
    }
    return {
      points: Float64Array.from(rest.flatMap(row => row.slice(0, 2))),
      targets: Float64Array.from(isRegression ? numbers : labels.map(label => levels.indexOf(label))),
      task: isRegression ? "regression" : "classification",
      classes: isRegression ? [] : levels,
      names: [columns[taken.x], columns[taken.y], columns[taken.label]],
      columns,
      taken,
      header: found.hasHeader,
      comma: separator !== "," && rows.some(row => [taken.x, taken.y].some(i => (row[i] ?? "").includes(","))),
      notes,
    };
  }

  /** Returns at most MOST_ROWS rows, evenly spread over the table, and notes that. */
  function thinned(rows, notes) {
    if (rows.length <= MOST_ROWS) return rows;
    notes.push({
      en: `Taken: ${MOST_ROWS} of ${rows.length} rows, evenly spread over the file.`,
      ru: `Взято строк: ${MOST_ROWS} из ${rows.length}, равномерно по файлу.`,
    });
    return Array.from({ length: MOST_ROWS }, (_, i) => rows[Math.floor((i * rows.length) / MOST_ROWS)]);
  }

  playground.kernels.csv = { records, table, suggested, parse };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
