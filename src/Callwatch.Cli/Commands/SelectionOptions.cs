using System.CommandLine;
using System.Globalization;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary>Which calls: range, apps, filter.</summary>
internal sealed class SelectionOptions
{
    private readonly Argument<string[]> filter = new("filter") { Description = "In the filter language, as in: model:gpt-4o outcome:error latency>2s", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string[]> app = new("--app") { Description = "Only this app; may repeat", HelpName = "NAME" };
    private readonly Option<string?> from = new("--from") { Description = "Begin of the range (RFC 3339). Default: an hour before --to", HelpName = "TIME" };
    private readonly Option<string?> to = new("--to") { Description = "End of the range, not within. Default: now", HelpName = "TIME" };
    private readonly Option<string?> last = new("--last") { Description = "The range up to now, as 30m, 6h or 7d", HelpName = "SPAN" };

    public SelectionOptions(Command command, bool withRange = true)
    {
        command.Arguments.Add(filter);
        command.Options.Add(app);

        // Whatever begins with a dash may be meant: -env:dev leaves an environment out. Two dashes are a mistyped option.
        command.Validators.Add(result =>
        {
            foreach (var word in (result.GetValue(filter) ?? []).Where(word => word.StartsWith("--", StringComparison.Ordinal)))
                result.AddError($"'{word}' is no option of {command.Name}.");
        });
        if (!withRange) return;
        command.Options.Add(from);
        command.Options.Add(to);
        command.Options.Add(last);
        command.Validators.Add(result =>
        {
            if (result.GetValue(last) is not { } span) return;
            if (!TryReadSpan(span, out _)) result.AddError($"--last '{span}' is no span of time; write a number with m, h or d, as 6h.");
            else if (result.GetValue(from) is not null || result.GetValue(to) is not null) result.AddError("--last cannot stand beside --from or --to.");
        });
    }

    /// <summary>As typed; words given separately are one filter.</summary>
    public string? Filter(ParseResult parsed) => parsed.GetValue(filter) is { Length: > 0 } words ? string.Join(' ', words) : null;

    public ApiQuery Read(ParseResult parsed, TimeProvider time)
    {
        var query = new ApiQuery { Apps = parsed.GetValue(app) ?? [], Filter = Filter(parsed) };
        if (parsed.GetResult(last) is null || parsed.GetValue(last) is not { } text || !TryReadSpan(text, out var span))
            return parsed.CommandResult.Command.Options.Contains(from) ? query with { From = parsed.GetValue(from), To = parsed.GetValue(to) } : query;
        var now = time.GetUtcNow();
        return query with { From = Rfc3339(now - span), To = Rfc3339(now) };
    }

    public static bool TryReadSpan(string text, out TimeSpan span)
    {
        span = default;
        if (text.Length < 2 || !double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) || number is <= 0 or > 10_000) return false;
        span = text[^1] switch
        {
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            'd' => TimeSpan.FromDays(number),
            _ => default,
        };
        return span > TimeSpan.Zero;
    }

    private static string Rfc3339(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
