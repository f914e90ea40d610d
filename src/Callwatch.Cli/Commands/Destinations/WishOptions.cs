using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands.Destinations;

/// <summary>What a destination shall be, besides its config.</summary>
internal sealed class WishOptions
{
    private readonly Option<string[]> app = new("--app") { Description = "Only traces of this app; may repeat. '*' for all, which is the default", HelpName = "NAME" };
    private readonly Option<string?> filter = new("--filter") { Description = "Only traces with a span that meets this filter; '' for all", HelpName = "FILTER" };
    private readonly Option<string?> sampleRate = new("--sample-rate") { Description = "Share of the traces, 0 to 1. Default 1", HelpName = "SHARE" };
    private readonly Option<bool?> keepErrors = new("--keep-errors") { Description = "Whether traces with an error go whatever the sample says. Default true", HelpName = "true|false" };
    private readonly Option<string[]> mask = new("--mask") { Description = "What is replaced by ***: email, phone, credit_card, ip_address, api_key, or a regular expression; may repeat", HelpName = "PATTERN" };
    private readonly Option<string[]> signal = new("--signal") { Description = "traces; for otlp also logs and metrics; may repeat. Default traces", HelpName = "SIGNAL" };
    private readonly Option<bool?> enabled = new("--enabled") { Description = "false to keep it switched off. Default true", HelpName = "true|false" };

    public WishOptions(Command command)
    {
        sampleRate.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && Rate(result.Tokens[0].Value) is null) result.AddError("--sample-rate takes a number from 0 to 1.");
        });
        foreach (var option in (Option[])[app, filter, sampleRate, keepErrors, mask, signal, enabled]) command.Options.Add(option);
    }

    public ApiDestinationWish Read(ParseResult parsed, JsonObject? config) => new()
    {
        Config = config,
        Apps = List(parsed, app),
        Filter = parsed.GetValue(filter),
        SampleRate = Rate(parsed.GetValue(sampleRate)),
        KeepErrors = parsed.GetValue(keepErrors),
        Mask = List(parsed, mask),
        Signals = List(parsed, signal),
        Enabled = parsed.GetValue(enabled),
    };

    // '' alone takes a list away.
    private static string[]? List(ParseResult parsed, Option<string[]> option) => parsed.GetValue(option) is { Length: > 0 } given ? [.. given.Where(item => item.Length > 0)] : null;

    private static double? Rate(string? text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate) && rate is >= 0 and <= 1 ? rate : null;
}
