namespace Callwatch.Client.Hosting;

/// <summary>
/// A part of the library that lives as long as the host: begins before the application's own services, ends after them. Register it as this interface.
/// Its constructor does nothing; what start and stop throw is logged and keeps nobody.
/// </summary>
internal interface IClientPart
{
    /// <summary>For a log line.</summary>
    string Name { get; }

    /// <summary>Begins; must not wait for anything.</summary>
    void Start();

    /// <summary>Sends what is left. All parts do so at the same time.</summary>
    /// <param name="within">What is not done by then is given up, and counted.</param>
    /// <param name="cancel">Comes at that time.</param>
    Task StopAsync(TimeSpan within, CancellationToken cancel);
}
