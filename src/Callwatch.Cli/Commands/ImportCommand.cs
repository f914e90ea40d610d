using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Importing;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch import</c>: sends files of traces, in pieces that a server takes, and says what became of them.</summary>
internal static class ImportCommand
{
    private const int MostTold = 20;

    public static Command Create()
    {
        var files = new Argument<FileInfo[]>("file") { Description = "What export has written, or OTLP as protobuf or JSON; packed with gzip or not", Arity = ArgumentArity.OneOrMore };
        files.AcceptExistingOnly();
        var shift = new Option<string?>("--shift") { Description = "Move all times: 'now' lets the latest span of the files end now; or a span of time as 7d, -12h, 30m", HelpName = "SPAN" };
        shift.Validators.Add(result =>
        {
            if (result.GetValue(shift) is { } text && text != "now" && !TryReadShift(text, out _)) result.AddError($"--shift '{text}' is neither 'now' nor a span of time; write a number with m, h or d, as 7d or -12h.");
        });
        var command = new Command("import", "Import files of traces. Importing a file again stores nothing twice. Exit code 1 when a line or span was not taken.") { files, shift };
        ServerOptions.Act(command, (parsed, link, cancel) => RunAsync(link, parsed.GetRequiredValue(files), parsed.GetValue(shift), TimeProvider.System, cancel));
        return command;
    }

    private static async Task<int> RunAsync(ServerLink link, FileInfo[] files, string? shift, TimeProvider time, CancellationToken cancel)
    {
        var seconds = shift is null ? 0 : await SecondsAsync(files, shift, time, cancel);
        var total = new ApiImported { Accepted = 0, Rejected = 0, BadLines = 0, Lines = [] };
        try
        {
            foreach (var file in files)
            {
                await foreach (var piece in FilePieces.ReadAsync(file, cancel))
                {
                    var answer = await SendAsync(link, piece, seconds, time, cancel);
                    if (answer is null) return CommandLine.Failed;
                    foreach (var line in answer.Lines.Take(Math.Max(0, MostTold - total.Lines.Count)))
                        await Console.Error.WriteLineAsync(Plain.Text(string.Create(CultureInfo.InvariantCulture, $"callwatch: {file.Name}, line {piece.FirstLine + line.Line - 1}: {line.Message}")));
                    total = Sum(total, answer, piece.FirstLine);
                }
            }
        }
        catch (InvalidDataException e)
        {
            await Console.Error.WriteLineAsync("callwatch: " + e.Message);
            return CommandLine.Misuse;
        }

        if (link.Json) Console.WriteLine(JsonSerializer.Serialize(total, ApiJson.Default.ApiImported));
        else Screen.Line(string.Create(CultureInfo.InvariantCulture, $"{total.Accepted:N0} spans taken{(total.Rejected > 0 ? $", {total.Rejected:N0} refused ({total.Reason})" : "")}{(total.BadLines > 0 ? $", {total.BadLines:N0} lines refused" : "")}"));
        return total.Rejected + total.BadLines > 0 ? CommandLine.Failed : CommandLine.Fine;
    }

    private static async Task<ApiImported?> SendAsync(ServerLink link, FilePiece piece, decimal shift, TimeProvider time, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var content = new ByteArrayContent(piece.Bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
            using var response = await link.Http.PostAsync(new Uri("api/v1/import?shift=" + shift.ToString(CultureInfo.InvariantCulture), UriKind.Relative), content, cancel);
            if (response.IsSuccessStatusCode) return JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(cancel), ApiJson.Default.ApiImported);
            // Too much at once passes by itself.
            if (attempt < 20 && (int)response.StatusCode is 429 or 503 && response.Headers.RetryAfter?.Delta is { } wait)
            {
                await Task.Delay(wait, time, cancel);
                continue;
            }

            await link.RefusedAsync(response, null, cancel);
            return null;
        }
    }

    private static ApiImported Sum(ApiImported total, ApiImported answer, long firstLine) => new()
    {
        Accepted = total.Accepted + answer.Accepted,
        Rejected = total.Rejected + answer.Rejected,
        Reason = total.Reason ?? answer.Reason,
        BadLines = total.BadLines + answer.BadLines,
        Lines = [.. total.Lines.Concat(answer.Lines.Select(line => line with { Line = line.Line + firstLine - 1 })).Take(100)],
    };

    private static async Task<decimal> SecondsAsync(FileInfo[] files, string shift, TimeProvider time, CancellationToken cancel)
    {
        if (shift != "now") return TryReadShift(shift, out var given) ? (decimal)given.TotalSeconds : 0;
        long? latest = null;
        foreach (var file in files)
            await foreach (var piece in FilePieces.ReadAsync(file, cancel))
                if (piece.LatestEnd() is { } end && (latest is null || end > latest)) latest = end;
        // Whole seconds: what lay apart by the minute still does, near enough.
        return latest is { } known ? time.GetUtcNow().ToUnixTimeSeconds() - Math.Ceiling(known / 1e9m) : 0;
    }

    private static bool TryReadShift(string text, out TimeSpan span)
    {
        var back = text.StartsWith('-');
        if (!SelectionOptions.TryReadSpan(text.TrimStart('-', '+'), out span)) return false;
        if (back) span = -span;
        return true;
    }
}
