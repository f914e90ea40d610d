namespace Callwatch.Journal.Sealing;

/// <summary>Where sealing lets others go first.</summary>
internal interface IPace
{
    /// <summary>Called after every few milliseconds of work.</summary>
    /// <exception cref="OperationCanceledException">The process is stopping.</exception>
    void Rest();

    /// <summary>Waits a moment for something that stands in the way.</summary>
    /// <exception cref="OperationCanceledException">The process is stopping.</exception>
    void Wait();
}
