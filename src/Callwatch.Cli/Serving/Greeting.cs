using Callwatch.Control;
using Callwatch.Server.Access;
using Callwatch.Server.Hosting;

namespace Callwatch.Cli.Serving;

/// <summary>What a start says on standard output: where to look, where to send, where the data is, and with which key.</summary>
internal static class Greeting
{
    /// <summary>Begins the last line: whoever waits for the server waits for it.</summary>
    public const string Ready = "Ready.";

    public static async Task WriteAsync(TextWriter output, IServiceProvider services)
    {
        foreach (var line in Lines(services)) await output.WriteLineAsync(line);
        await output.FlushAsync();
    }

    private static IEnumerable<string> Lines(IServiceProvider services)
    {
        var listeners = services.GetRequiredService<Listeners>();
        var facts = services.GetRequiredService<StartFacts>();
        yield return $"Dashboard   {listeners.HttpUrls[0]}{services.GetRequiredService<SignInLinks>().NewPath()}";
        yield return "            (signs this browser in, once; any time later: " + listeners.HttpUrls[0] + "/)";
        yield return $"OTLP/HTTP   {string.Join("  ", listeners.HttpUrls)}";
        yield return $"OTLP/gRPC   {(listeners.GrpcUrls.Count == 0 ? "off" : string.Join("  ", listeners.GrpcUrls))}";
        yield return $"Data        {services.GetRequiredService<DataFolder>().Path}";
        if (SendingKey(facts, services.GetRequiredService<Keys>()) is { } key) yield return $"Key         {key}";
        if (facts.AdminKeyFile is { } file) yield return $"Admin key   {file}";
        if (facts.GivenAdminKeyIsUnknown) yield return $"{AdminKeySetting.Variable} is not a key of this data folder: only the first start takes it. Make one with: callwatch keys create --scope admin";
        if (!listeners.AllLoopback) yield return "Reachable from other machines: every request now needs a key or a sign-in.";
        foreach (var section in services.GetRequiredService<ForeignSettings>().Sections) yield return $"{section} is no setting of this version and changes nothing.";
        yield return Ready + " Stop with Ctrl+C.";
    }

    private static string? SendingKey(StartFacts facts, Keys keys)
    {
        const string Another = "callwatch keys create --app NAME --scope ingest";
        if (facts.IngestSecret is { } secret) return $"{secret}  (sends to the app default; shown this once. More: {Another})";
        var first = keys.List(Tenants.DefaultId).FirstOrDefault(key => key.RevokedAt is null && key.Scopes == KeyScopes.Ingest);
        return first is null ? null : $"{first.Prefix}...  (sends to the app default; others: {Another})";
    }
}
