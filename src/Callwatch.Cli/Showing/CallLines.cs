using Callwatch.Client.Api;

namespace Callwatch.Cli.Showing;

/// <summary>Calls, one per line.</summary>
internal static class CallLines
{
    public static Table Table(IReadOnlyList<ApiSpan> calls)
    {
        // The trace's id stays to the last: it leads to everything else.
        var table = new Table("Time", "App", "Operation", "Model", "Outcome", ">Latency", ">TTFT", ">Tokens", ">Cost", "User", "Input → output", "Trace")
        {
            Dispensable = ["Input → output", "User", "TTFT", "Operation", "Tokens", "App"],
        };
        foreach (var call in calls) table.Row(ToneOf(call), Cells(call));
        return table;
    }

    /// <summary>For a terminal that scrolls: no table, whose widths would wait for the last line.</summary>
    public static string Line(ApiSpan call) => string.Join("  ", Cells(call).Zip(Widths, (cell, width) => Fill(Plain.Cut(cell, Math.Abs(width)), width))).TrimEnd();

    // Below zero: to the right.
    private static string Fill(string cell, int width)
    {
        var room = new string(' ', Math.Max(0, Math.Abs(width) - Showing.Table.WidthOf(cell)));
        return width < 0 ? room + cell : cell + room;
    }

    private static readonly int[] Widths = [12, 16, 18, 24, 10, -9, -9, -14, -10, 10, 60, 32];

    private static string[] Cells(ApiSpan call) =>
    [
        Plain.Time(call.End), Plain.Cut(call.App, 24), Plain.Cut(call.Operation ?? call.DisplayName, 28), Plain.Cut(call.Model, 28),
        call.Outcome == "error" ? Plain.Cut(call.Error?.Group ?? "error", 16) : call.Outcome,
        Plain.Milliseconds(call.DurationMs), Plain.Milliseconds(call.TtftMs), Tokens(call.Usage), Plain.Money(call.Cost?.TotalUsd), Plain.Cut(call.UserId, 16),
        Plain.Cut(call.InputPreview, 32) + (call.OutputPreview is null && call.InputPreview is null ? NoText(call) : " → " + Plain.Cut(call.OutputPreview, 32)),
        call.TraceId,
    ];

    private static string NoText(ApiSpan call) => call.Content switch
    {
        "not_captured" => "(not captured)",
        "expired" => "(no longer kept)",
        _ => "",
    };

    private static string Tokens(ApiUsage? usage) => usage is null or { InputTokens: null, OutputTokens: null } ? "–" : $"{Plain.Number(usage.InputTokens)} → {Plain.Number(usage.OutputTokens)}";

    private static Tone ToneOf(ApiSpan call) => call.Outcome switch
    {
        "error" => Tone.Failed,
        "cancelled" => Tone.Stopped,
        _ => Tone.Plain,
    };
}
