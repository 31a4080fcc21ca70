"use strict";
/* Texts and numbers in the language of the page. A text is {en, ru}, or a plain string that both languages share. */
(function (playground) {
  const FORMATS = {}; // "ru 2" -> Intl.NumberFormat

  function written(value, language, decimals, fixed) {
    const key = `${language} ${decimals} ${fixed}`;
    FORMATS[key] ??= new Intl.NumberFormat(language, {
      maximumFractionDigits: decimals,
      minimumFractionDigits: fixed ? decimals : 0,
      useGrouping: "min2", // from 10,000 on
    });
    const text = FORMATS[key].format(value).replace("-", "−");
    return /[1-9]/.test(text) ? text : text.replace("−", ""); // no minus before zero
  }

  const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

  playground.language = {
    /** Returns a text in a language. */
    text(text, language) {
      if (text === undefined || text === null) return "";
      return typeof text === "object" ? text[language] : String(text);
    },

    /** Returns a number with so many significant digits; digits before the decimal sign are never rounded away. */
    number(value, language, digits = 3) {
      if (Number.isNaN(value)) return "—";
      if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
      if (value === 0) return "0";
      const power = Math.floor(Math.log10(Math.abs(value)));
      if (power < -4 || power > 9) {
        const raised = [...String(power)].map(sign => RAISED[sign]).join("");
        return `${written(value / 10 ** power, language, digits - 1, false)}·10${raised}`;
      }
      return written(value, language, Math.min(20, Math.max(0, digits - 1 - power)), false);
    },

    /** Returns a number with so many digits after the decimal sign, for columns and what changes all the time. */
    fixed: (value, language, decimals) => (Number.isFinite(value) ? written(value, language, decimals, true) : playground.language.number(value, language)),

    /** Returns the form of a Russian or English noun that goes with a count: forms are {one, few, many} or {one, other}. */
    plural: (count, forms, language) => forms[new Intl.PluralRules(language).select(count)] ?? forms.other ?? forms.many,
  };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
