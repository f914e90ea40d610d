using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Forward.Outbound;
using Callwatch.Query.Filters;

namespace Callwatch.Forward.Desk;

/// <summary>A wish that was found right, ready to be saved or checked.</summary>
/// <param name="Row">All but the secrets, which are in <paramref name="Config"/>; null there: the sealed ones stay as they are.</param>
/// <param name="Apps">Names; null leaves the apps as they are.</param>
internal sealed record DestinationDraft(DestinationRow Row, IDestinationKind Kind, JsonObject? Config, IReadOnlyList<string>? Apps, IReadOnlyList<string> Changed, IReadOnlyList<string> Warnings);

/// <summary>What is wrong with a wish.</summary>
internal sealed record Wrong(string Field, string Message);

/// <summary>Finds out whether a wish is right, and says of the first thing that is not what would be.</summary>
internal sealed class DestinationWishes(Kinds kinds, OutboundGuard guard)
{
    private const int LongestName = 100;
    private const int LargestConfig = 64 * 1024;
    private const int MostMasks = 50;
    private const int LongestMask = 1_000;
    private const int MostApps = 1_000;
    private const string Everything = "*";

    /// <param name="before">Null at creation.</param>
    /// <param name="config">The config there was, with its secrets; null when they do not open (<paramref name="locked"/> says why).</param>
    public async Task<(DestinationDraft? Draft, Wrong? Wrong)> DraftAsync(int tenantId, DestinationRow? before, JsonObject? config, string? locked, DestinationWish wish, CancellationToken cancel)
    {
        if (Plainly(before, wish) is { } wrong) return (null, wrong);
        var kind = kinds.Of(before?.Kind ?? wish.Kind!);
        var changed = ChangedBy(wish);
        JsonObject? whole = null;
        IReadOnlyList<string> warnings = [];
        if (before is null || wish.Config is not null)
        {
            var (asked, problem) = Whole(kind, before, config, locked, wish.Config ?? []);
            if (asked is null) return (null, problem);
            var secrets = new Destinations.Shared.Secrets(ConfigParts.TextsOf(kind.Fields, asked));
            switch (kind.Normalize(asked, guard.Rules))
            {
                case ConfigResult.Wrong { Field: var field, Message: var message }:
                    // A kind may repeat what was entered, and that may be a key in the wrong field.
                    return (null, new Wrong("config." + field, secrets.HideIn(message)));
                case ConfigResult.Good good:
                    (whole, warnings) = (good.Config, [.. good.Warnings.Select(secrets.HideIn)]);
                    break;
            }

            if (whole!.ToJsonString().Length > LargestConfig) return (null, new Wrong("config", $"It has more than {LargestConfig / 1024} KiB."));
            foreach (var (field, address) in kind.Addresses(whole))
                if (await guard.ObjectionAsync(address, cancel) is { } objection) return (null, new Wrong("config." + field, secrets.HideIn(objection)));
        }

        var signals = wish.Signals is null ? before is null ? ["traces"] : DestinationRow.ListOf(before.Signals) : [.. wish.Signals.Distinct(StringComparer.Ordinal)];
        if (signals.FirstOrDefault(signal => !kind.Signals.Contains(signal, StringComparer.Ordinal)) is { } strange)
            return (null, new Wrong("signals", $"{kind.Title} takes {string.Join(", ", kind.Signals)}, not '{Shown(strange)}'."));
        var apps = AppsOf(before, wish);
        var (clear, sealedOnes) = whole is null ? ((JsonObject?)null, (JsonObject?)null) : ConfigParts.Split(kind.Fields, whole);
        var row = new DestinationRow
        {
            Id = before?.Id ?? 0,
            Tenant = tenantId,
            Revision = (before?.Revision ?? 0) + 1,
            Name = wish.Name?.Trim() ?? before!.Name,
            Kind = kind.Name,
            Config = clear?.ToJsonString() ?? before!.Config,
            SecretFields = sealedOnes is null ? before!.SecretFields : DestinationRow.Text(sealedOnes.Select(pair => pair.Key)),
            Secrets = whole is null ? before!.Secrets : null,
            DataKey = whole is null ? before!.DataKey : null,
            AllApps = apps.All,
            Filter = wish.Filter is null ? before?.Filter : string.IsNullOrWhiteSpace(wish.Filter) ? null : wish.Filter.Trim(),
            SampleRate = wish.SampleRate ?? before?.SampleRate ?? 1,
            KeepErrors = wish.KeepErrors ?? before?.KeepErrors ?? true,
            Mask = wish.Mask is null ? before?.Mask ?? "[]" : DestinationRow.Text(wish.Mask),
            Signals = DestinationRow.Text(signals),
            Enabled = wish.Enabled ?? before?.Enabled ?? true,
            Paused = before?.Paused ?? false,
            Start = before?.Start ?? DestinationRow.Text(wish.Start ?? new StartAt.Now()),
            Created = before?.Created ?? 0,
        };
        return (new DestinationDraft(row, kind, whole, apps.Names, changed, warnings), null);
    }

    private Wrong? Plainly(DestinationRow? before, DestinationWish wish)
    {
        if (before is null && string.IsNullOrWhiteSpace(wish.Name)) return new Wrong("name", "It is missing: what people shall call this destination.");
        if (wish.Name?.Trim() is { } name && (name.Length is 0 or > LongestName || name.Any(char.IsControl))) return new Wrong("name", $"A name has 1 to {LongestName} characters, none of them a control character.");
        var all = string.Join(", ", kinds.All.Select(kind => kind.Name));
        if (before is null && string.IsNullOrWhiteSpace(wish.Kind)) return new Wrong("kind", $"It is missing: one of {all}.");
        if (before is null && kinds.Find(wish.Kind!) is null) return new Wrong("kind", $"There is no kind '{Shown(wish.Kind!)}'; there are {all}.");
        if (before is not null && wish.Kind is not null && wish.Kind != before.Kind) return new Wrong("kind", $"It is of the kind {before.Kind} and stays so; make another destination.");
        if (before is not null && wish.Start is not null && wish.Start != before.StartOf()) return new Wrong("start", "Where a destination begins is settled when it is made; a replay sends what came before.");
        if (wish.SampleRate is { } rate && rate is not (>= 0 and <= 1)) return new Wrong("sample_rate", "It is a share from 0 to 1.");
        if (FilterParser.Parse(wish.Filter) is FilterResult.Wrong filter) return new Wrong("filter", filter.Message);
        if (wish.Mask is { } mask)
        {
            if (mask.Count > MostMasks) return new Wrong("mask", $"At most {MostMasks} patterns.");
            if (mask.Any(pattern => pattern is null || pattern.Length is 0 or > LongestMask)) return new Wrong("mask", $"A pattern has 1 to {LongestMask} characters.");
            if (Forward.Mask.Of(mask).Wrong is { } pattern)
                return new Wrong("mask", $"'{Shown(pattern)}' is neither a known pattern ({string.Join(", ", Forward.Mask.Names)}) nor a regular expression without backtracking.");
        }

        if (wish.Signals is { Count: 0 }) return new Wrong("signals", "Name at least one: traces.");
        return WrongApps("apps", wish.Apps, before is null || wish.Apps is not null) ?? WrongExceptions(before, wish);
    }

    private static Wrong? WrongApps(string field, IReadOnlyList<string>? names, bool mayBeAll)
    {
        if (names is null) return null;
        if (names.Count > MostApps) return new Wrong(field, $"At most {MostApps} names.");
        if (names.Contains(Everything, StringComparer.Ordinal) && (!mayBeAll || names.Count > 1)) return new Wrong(field, "'*' stands alone: it means every app.");
        return names.Any(name => name is null || !Apps.IsLegalName(name)) ? new Wrong(field, Apps.LegalNames) : null;
    }

    private static Wrong? WrongExceptions(DestinationRow? before, DestinationWish wish)
    {
        if (wish.ExceptApps is not { Count: > 0 } except) return null;
        var isForAll = wish.Apps is null ? before?.AllApps ?? true : wish.Apps is [Everything];
        return !isForAll ? new Wrong("except_apps", "There are exceptions only where apps is [\"*\"].") : WrongApps("except_apps", except, mayBeAll: false);
    }

    private static (bool All, IReadOnlyList<string>? Names) AppsOf(DestinationRow? before, DestinationWish wish)
    {
        if (wish.Apps is null) return before is null ? (true, wish.ExceptApps ?? []) : (before.AllApps, before.AllApps ? wish.ExceptApps : null);
        if (wish.Apps is not [Everything]) return (false, wish.Apps);

        // Exceptions stay when "*" is said once more; what was served one by one is no exception.
        return (true, wish.ExceptApps ?? (before is { AllApps: true } ? null : []));
    }

    private static (JsonObject? Config, Wrong? Wrong) Whole(IDestinationKind kind, DestinationRow? before, JsonObject? config, string? locked, JsonObject wish)
    {
        if (config is null && before is not null)
        {
            var missing = DestinationRow.ListOf(before.SecretFields).Where(name => wish[name] is not { } given || (given is JsonObject pairs && pairs.Any(pair => pair.Value is null))).ToList();
            if (missing.Count > 0) return (null, new Wrong("config." + missing[0], $"{locked} To save it all the same, enter every secret again: {string.Join(", ", missing)}."));
            config = before.ConfigInClear();
            foreach (var field in kind.Fields.Where(field => field.Secret)) config.Remove(field.Name);
        }

        var (merged, wrong) = ConfigParts.Merge(kind.Fields, config ?? [], wish);
        return merged is null ? (null, new Wrong("config." + wrong!.Value.Field, wrong.Value.Message)) : (merged, null);
    }

    private static List<string> ChangedBy(DestinationWish wish)
    {
        List<(string Name, bool Given)> fields =
        [
            ("name", wish.Name is not null), ("apps", wish.Apps is not null), ("except_apps", wish.ExceptApps is not null), ("filter", wish.Filter is not null),
            ("sample_rate", wish.SampleRate is not null), ("keep_errors", wish.KeepErrors is not null), ("mask", wish.Mask is not null), ("signals", wish.Signals is not null),
            ("enabled", wish.Enabled is not null), ("start", wish.Start is not null),
        ];
        return [.. fields.Where(field => field.Given).Select(field => field.Name), .. (wish.Config ?? []).Where(pair => pair.Value is not null).Select(pair => "config." + Shown(pair.Key))];
    }

    private static string Shown(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
