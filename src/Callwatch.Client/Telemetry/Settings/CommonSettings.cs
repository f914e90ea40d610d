namespace Callwatch.Client.Telemetry.Settings;

/// <summary>The settings of all parts: <c>Callwatch:Endpoint</c>, <c>:ApiKey</c>, <c>:App</c>, <c>:ShutdownTimeout</c>.</summary>
internal static class CommonSettings
{
    public const string Endpoint = "Callwatch:Endpoint";

    public static void Read(SettingSource source, CallwatchClientOptions options, List<SettingTrouble> troubles)
    {
        options.ApiKey = source.Text("Callwatch:ApiKey");
        options.App = source.Text("Callwatch:App") ?? options.App;
        if (source.Text(Endpoint) is { } address)
        {
            if (SettingText.Address(address) is { } uri) options.Endpoint = uri;
            // To the default instead would send data where nobody wanted it.
            else troubles.Add(new SettingTrouble(Endpoint + " must be an http or https address, for instance http://callwatch:4318; traces, metrics and records are off", Signals.Both));
        }

        if (source.Text("Callwatch:ShutdownTimeout") is not { } time) return;
        if (SettingText.Time(time) is { } value) options.ShutdownTimeout = value;
        else troubles.Add(new SettingTrouble("Callwatch:ShutdownTimeout must be a time from 00:00:00 to 00:00:05; its default, 4 s, is used", Signals.None));
    }

    public static void Check(CallwatchClientOptions options, List<SettingTrouble> troubles)
    {
        if (options.ShutdownTimeout < TimeSpan.Zero || options.ShutdownTimeout > TimeSpan.FromSeconds(5))
        {
            troubles.Add(new SettingTrouble("Callwatch:ShutdownTimeout must be a time from 00:00:00 to 00:00:05; its default, 4 s, is used", Signals.None));
            options.ShutdownTimeout = TimeSpan.FromSeconds(4);
        }

        if (!SettingText.IsAddress(options.Endpoint))
        {
            troubles.Add(new SettingTrouble(Endpoint + " must be an http or https address, for instance http://callwatch:4318; traces, metrics and records are off", Signals.Both));
            options.Endpoint = new Uri("http://127.0.0.1:4318");
        }

        if (options.ApiKey is not { } key || SettingText.IsHeaderValue(key)) return;
        troubles.Add(new SettingTrouble("Callwatch:ApiKey must be plain ASCII without line breaks; it is not sent", Signals.None));
        options.ApiKey = null;
        if (ReferenceEquals(options.Records.ApiKey, key)) options.Records.ApiKey = null;
    }
}
