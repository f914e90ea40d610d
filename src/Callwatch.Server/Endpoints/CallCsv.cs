using System.Buffers;
using System.Globalization;
using System.Text;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Spans;

namespace Callwatch.Server.Endpoints;

/// <summary>
/// Calls as CSV (RFC 4180, UTF-8), a column for each plain field of the API. A text that a spreadsheet would take for a formula gets an
/// apostrophe before it: traces are hostile input.
/// </summary>
internal sealed class CallCsv(Apps apps) : ICallWriter
{
    private static readonly SearchValues<char> Special = SearchValues.Create("\",\r\n;\t");

    private static readonly (string Name, Func<ApiSpan, object?> Value)[] Columns =
    [
        ("end", call => call.End), ("start", call => call.Start), ("app", call => call.App), ("trace_id", call => call.TraceId), ("span_id", call => call.SpanId),
        ("name", call => call.Name), ("kind", call => call.Kind), ("operation", call => call.Operation), ("provider", call => call.Provider), ("model", call => call.Model),
        ("request_model", call => call.RequestModel), ("response_model", call => call.ResponseModel), ("outcome", call => call.Outcome),
        ("error_type", call => call.Error?.Type), ("error_group", call => call.Error?.Group), ("error_message", call => call.Error?.Message), ("http_status", call => call.HttpStatus),
        ("duration_ms", call => call.DurationMs), ("ttft_ms", call => call.TtftMs), ("output_tokens_per_s", call => call.OutputTokensPerS), ("streaming", call => call.Streaming),
        ("input_tokens", call => call.Usage?.InputTokens), ("output_tokens", call => call.Usage?.OutputTokens), ("total_tokens", call => call.Usage?.TotalTokens),
        ("cache_read_tokens", call => call.Usage?.CacheReadTokens), ("cache_write_tokens", call => call.Usage?.CacheWriteTokens), ("reasoning_tokens", call => call.Usage?.ReasoningTokens),
        ("total_usd", call => call.Cost?.TotalUsd), ("input_usd", call => call.Cost?.InputUsd), ("cache_read_usd", call => call.Cost?.CacheReadUsd),
        ("cache_write_usd", call => call.Cost?.CacheWriteUsd), ("output_usd", call => call.Cost?.OutputUsd), ("reasoning_usd", call => call.Cost?.ReasoningUsd),
        ("other_usd", call => call.Cost?.OtherUsd), ("cost_source", call => call.Cost?.Source), ("cost_reason", call => call.Cost?.Reason), ("call_source", call => call.CallSource),
        ("environment", call => call.Environment), ("release", call => call.Release), ("user_id", call => call.UserId), ("session_id", call => call.SessionId),
        ("tags", call => string.Join(", ", call.Tags)), ("finish_reasons", call => string.Join(", ", call.FinishReasons)), ("tool_calls", call => string.Join(", ", call.ToolCalls.Select(tool => tool.Name))),
        ("prompt_name", call => call.PromptName), ("prompt_version", call => call.PromptVersion), ("content", call => call.Content), ("input_preview", call => call.InputPreview), ("output_preview", call => call.OutputPreview),
    ];

    public void Begin(Stream body) => Line(body, Columns.Select(column => column.Name));

    public void Write(Stream body, Span call)
    {
        var record = call.ToApi(apps);
        Line(body, Columns.Select(column => Field(column.Value(record))));
    }

    internal static string Field(object? value) => value switch
    {
        null => "",
        string text => Quote(Guard(text)),
        bool flag => flag ? "true" : "false",
        decimal money => Math.Round(money, 12).ToString("0.############", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => "",
    };

    // Some spreadsheets skip blanks and control characters before they look for a formula.
    private static string Guard(string text)
    {
        var first = text.AsSpan().TrimStart();
        return (first.Length > 0 && first[0] is '=' or '+' or '-' or '@' or '|' or '%') || (text.Length > 0 && text[0] is '\t' or '\r' or '\n') ? "'" + text : text;
    }

    private static string Quote(string text) =>
        text.AsSpan().ContainsAny(Special) || text.StartsWith('\'') ? "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"" : text;

    private static void Line(Stream body, IEnumerable<string> fields) => body.Write(Encoding.UTF8.GetBytes(string.Join(',', fields) + "\r\n"));
}
