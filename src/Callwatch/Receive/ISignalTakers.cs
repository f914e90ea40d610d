using Callwatch.Journal;

namespace Callwatch.Receive;

/// <summary>Who has logs and metrics passed on: what nobody takes is not kept.</summary>
public interface ISignalTakers
{
    /// <summary>Whether somebody takes what the signal brings of the app, apart from what the product itself keeps of it. False for traces: those are kept anyway.</summary>
    /// <param name="appId">Null: of any app.</param>
    bool Take(Signal signal, int tenantId, int? appId);
}
