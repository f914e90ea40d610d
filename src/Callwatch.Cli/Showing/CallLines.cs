using Callwatch.Client.Api;
using Spectre.Console;

namespace Callwatch.Cli.Showing;

/// <summary>Calls, one per line.</summary>
internal static class CallLines
{
    // What a narrower terminal leaves out, first things first. The trace's id stays: it leads to everything else.
    private static readonly (int BelowWidth, string Column)[] Dispensable = [(210, "Input → output"), (150, "User"), (140, ">TTFT"), (130, "Operation"), (112, ">Tokens")];

    public static Table Table(IReadOnlyList<ApiSpan> calls)
    {
        var columns = Columns.Index().Where(column => !Dispensable.Any(rule => Tables.Width < rule.BelowWidth && rule.Column == column.Item)).ToList();
        var table = Tables.New([.. columns.Select(column => column.Item)]);
        foreach (var call in calls)
        {
            var cells = Cells(call);
            table.Row(StyleOf(call), [.. columns.Select(column => cells[column.Index])]);
        }

        return table;
    }

    /// <summary>For a terminal that scrolls: no table, whose widths would wait for the last line.</summary>
    public static string Line(ApiSpan call) => string.Join("  ", Cells(call).Zip(Widths, (cell, width) =>
        width < 0 ? Plain.Cut(cell, -width).PadLeft(-width) : Plain.Cut(cell, width).PadRight(width))).TrimEnd();

    private static readonly string[] Columns =
        ["Time", "App", "Operation", "Model", "Outcome", ">Latency", ">TTFT", ">Tokens", ">Cost", "User", "Input → output", "Trace"];

    private static readonly int[] Widths = [12, 16, 18, 24, 10, -9, -9, -14, -10, 10, 60, 32];

    private static string[] Cells(ApiSpan call) =>
    [
        Plain.Time(call.End), Plain.Cut(call.App, 24), Plain.Cut(call.Operation ?? call.DisplayName, 28), Plain.Cut(call.Model, 28),
        call.Outcome == "error" ? Plain.Cut(call.Error?.Group ?? "error", 16) : call.Outcome,
        Plain.Milliseconds(call.DurationMs), Plain.Milliseconds(call.TtftMs), Tokens(call.Usage), Plain.Money(call.Cost?.TotalUsd), Plain.Cut(call.UserId, 16),
        Plain.Cut(call.InputPreview, 32) + (call.OutputPreview is null && call.InputPreview is null ? call.Content == "not_captured" ? "(not captured)" : "" : " → " + Plain.Cut(call.OutputPreview, 32)),
        call.TraceId,
    ];

    private static string Tokens(ApiUsage? usage) => usage is null or { InputTokens: null, OutputTokens: null } ? "–" : $"{Plain.Number(usage.InputTokens)} → {Plain.Number(usage.OutputTokens)}";

    private static Style StyleOf(ApiSpan call) => call.Outcome switch
    {
        "error" => new Style(Color.Red),
        "cancelled" => new Style(Color.Yellow),
        _ => Style.Plain,
    };
}
