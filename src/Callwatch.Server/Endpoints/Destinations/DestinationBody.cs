using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Desk;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Callwatch.Server.Endpoints.Destinations;

/// <summary>Reads what a destination shall be, field by field: what is left out and what is null are not the same, and a misspelt field is no field left out.</summary>
internal static class DestinationBody
{
    private const string Fields = "name, kind, config, apps, except_apps, filter, sample_rate, keep_errors, mask, signals, enabled, start";

    /// <summary>The wish, or the problem with it.</summary>
    public static async Task<(DestinationWish? Wish, ProblemHttpResult? Problem)> ReadAsync(HttpContext http)
    {
        var (body, problem) = await JsonBody.ReadObjectAsync(http);
        if (body is not { } fields) return (null, problem);
        var wish = new DestinationWish();
        foreach (var field in fields.EnumerateObject())
        {
            if (Read(wish, field.Name, field.Value) is not { } next) return (null, Problems.Unprocessable(field.Name, Cure(field.Name)));
            wish = next;
        }

        return (wish, null);
    }

    // Null when the value is not of the field's type, or there is no such field.
    private static DestinationWish? Read(DestinationWish wish, string name, JsonElement value) => (name, value.ValueKind) switch
    {
        // As the answer to a GET has them: what came from here can be sent back.
        ("id" or "revision" or "config_set" or "created_at" or "updated_at" or "warnings" or "status", _) => wish,

        // Taken away where that means something; elsewhere null says nothing, as in "config": null.
        ("filter", JsonValueKind.Null) => wish with { Filter = "" },
        ("mask", JsonValueKind.Null) => wish with { Mask = [] },
        ("name" or "kind" or "config" or "apps" or "except_apps" or "sample_rate" or "keep_errors" or "signals" or "enabled" or "start", JsonValueKind.Null) => wish,
        ("name", JsonValueKind.String) => wish with { Name = value.GetString() },
        ("kind", JsonValueKind.String) => wish with { Kind = value.GetString() },
        ("config", JsonValueKind.Object) => wish with { Config = JsonObject.Create(value) },
        ("apps", JsonValueKind.Array) => Texts(value) is { } apps ? wish with { Apps = apps } : null,
        ("except_apps", JsonValueKind.Array) => Texts(value) is { } apps ? wish with { ExceptApps = apps } : null,
        ("filter", JsonValueKind.String) => wish with { Filter = value.GetString() },
        ("sample_rate", JsonValueKind.Number) => wish with { SampleRate = value.GetDouble() },
        ("keep_errors", JsonValueKind.True or JsonValueKind.False) => wish with { KeepErrors = value.GetBoolean() },
        ("mask", JsonValueKind.Array) => Texts(value) is { } mask ? wish with { Mask = mask } : null,
        ("signals", JsonValueKind.Array) => Texts(value) is { } signals ? wish with { Signals = signals } : null,
        ("enabled", JsonValueKind.True or JsonValueKind.False) => wish with { Enabled = value.GetBoolean() },
        ("start", JsonValueKind.String) => StartOf(value.GetString()!) is { } start ? wish with { Start = start } : null,
        _ => null,
    };

    private static string Cure(string name) => name switch
    {
        "name" or "kind" => $"'{name}' is a text.",
        "config" => "'config' is an object with the fields of the kind.",
        "apps" => "'apps' is a list of names, or [\"*\"] for all.",
        "except_apps" or "mask" or "signals" => $"'{name}' is a list of texts.",
        "filter" => "'filter' is a text in the filter language, or null.",
        "sample_rate" => "'sample_rate' is a number from 0 to 1.",
        "keep_errors" or "enabled" => $"'{name}' is true or false.",
        "start" => "'start' is \"now\", \"beginning\", or a time with a zone (2026-09-17T13:00:00Z).",
        _ => $"There is no such field. The fields are: {Fields}.",
    };

    private static List<string>? Texts(JsonElement list) =>
        list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) ? [.. list.EnumerateArray().Select(item => item.GetString()!)] : null;

    private static StartAt? StartOf(string text) => text switch
    {
        "now" => new StartAt.Now(),
        "beginning" => new StartAt.Beginning(),
        _ => text.Length > 0 && SelectionParameters.TryTime(text, default, out var time) ? new StartAt.Time(time) : null,
    };
}
