// Texts from outside are shown as they are: what could hide or reorder characters becomes visible.
const hidden = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const escaped = (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0");
const visible = (text) => String(text ?? "").replace(hidden, escaped);
/** Line breaks and tabs stay. */
const visibleLines = (text) =>
    String(text ?? "").replace(hidden, (c) => (c === "\n" || c === "\t" ? c : escaped(c)));

const count = new Intl.NumberFormat("en");
const number = (n) => (n === null || n === undefined ? t.none : count.format(n));
const plural = (n, one, many) => `${number(n)} ${n === 1 ? one : many}`;
const percent = (part) =>
    part === null || part === undefined ? t.none : (Math.floor(part * 1000) / 10).toFixed(part === 1 || part === 0 ? 0 : 1) + " %";

function milliseconds(ms) {
    if (ms === null || ms === undefined) return t.none;
    if (ms < 10) return ms.toFixed(1) + " ms";
    if (ms < 1000) return Math.round(ms) + " ms";
    return (ms / 1000).toFixed(ms < 10000 ? 2 : 1) + " s";
}

function bytes(n) {
    const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let unit = 0;
    while (n >= 1024 && unit < units.length - 1) {
        n /= 1024;
        ++unit;
    }
    return `${unit === 0 ? n : n.toFixed(1)} ${units[unit]}`;
}

function seconds(s) {
    if (s < 90) return `${Math.round(s)} s`;
    if (s < 5400) return `${Math.round(s / 60)} min`;
    if (s < 129600) return `${Math.round(s / 3600)} h`;
    return `${Math.round(s / 86400)} days`;
}

const times = { utc: false };
const timeFormat = (options) =>
    new Intl.DateTimeFormat("en", { ...options, hourCycle: "h23", ...(times.utc ? { timeZone: "UTC" } : {}) });
const dateAndTime = (date) =>
    timeFormat({ year: date.getFullYear() === new Date().getFullYear() ? undefined : "numeric",
                 month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(date);
const shortTime = (date, stepSeconds) =>
    timeFormat(stepSeconds >= 86400 ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit" }).format(date);

function ago(date) {
    const past = (Date.now() - date) / 1000;
    return past >= 0 ? `${seconds(past)} ago` : `in ${seconds(-past)}`;
}

/** Errors that the configuration of the server decides. */
const addressNotAllowed = /^address not allowed/;

/**
 * The members of a JSON object as they are written: a parser would change large numbers.
 * @param text valid JSON @return {name: text}
 */
function rawMembers(text) {
    const members = {};
    let depth = 0;
    let name = null;
    let begin = 0;
    const end = (at) => {
        if (name !== null) members[name] = text.slice(begin, at).trim();
        name = null;
    };
    for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g)) {
        if (token === "{" || token === "[") ++depth;
        else if (token === "}" || token === "]") --depth || end(index);
        else if (depth > 1) continue;
        else if (token === ",") end(index);
        else if (token === ":") begin = index + 1;
        else name ??= JSON.parse(token);
    }
    return members;
}

/**
 * JSON with other white space, and nothing else changed: numbers, duplicate names and escapes stay as they
 * were sent. It is not parsed: text that is not JSON comes out with other white space, too.
 */
function pretty(text) {
    let out = "";
    let depth = 0;
    const line = () => "\n" + "  ".repeat(Math.min(depth, 40));
    for (let i = 0; i < text.length; ++i) {
        const c = text[i];
        if (c === '"') {
            let end = i + 1;
            while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
            out += text.slice(i, end + 1);
            i = end;
        } else if (c === "{" || c === "[") {
            const rest = text.slice(i + 1).match(/^\s*[}\]]/);
            if (rest) {
                out += c + rest[0].trim();
                i += rest[0].length;
            } else {
                ++depth;
                out += c + line();
            }
        } else if (c === "}" || c === "]") {
            depth = Math.max(0, depth - 1);
            out += line() + c;
        } else if (c === ",") {
            out += c + line();
        } else if (c === ":") {
            out += ": ";
        } else if (!/\s/.test(c)) {
            out += c;
        }
    }
    return out;
}
